/** BuildKit's build checks: names, texts and pages of the rules, and who is told (frontend/dockerfile/linter). */
import { DockerfileError, type LineRange } from "./node.ts";

export interface Rule {
  readonly description: string;
  /** The page's last part below docs.docker.com/go/dockerfile/rule/. */
  readonly page?: string;
  readonly experimental?: boolean;
}

export const rules = {
  StageNameCasing: { description: "Stage names should be lowercase", page: "stage-name-casing" },
  FromAsCasing: {
    description: "The 'as' keyword should match the case of the 'from' keyword",
    page: "from-as-casing",
  },
  NoEmptyContinuation: {
    description: "Empty continuation lines will become errors in a future release",
    page: "no-empty-continuation",
  },
  ConsistentInstructionCasing: {
    description: "All commands within the Dockerfile should use the same casing (either upper or lower)",
    page: "consistent-instruction-casing",
  },
  DuplicateStageName: { description: "Stage names should be unique", page: "duplicate-stage-name" },
  ReservedStageName: {
    description: "Reserved words should not be used as stage names",
    page: "reserved-stage-name",
  },
  JSONArgsRecommended: {
    description: "JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals",
    page: "json-args-recommended",
  },
  MaintainerDeprecated: {
    description: "The MAINTAINER instruction is deprecated, use a label instead to define an image author",
    page: "maintainer-deprecated",
  },
  UndefinedArgInFrom: { description: "FROM command must use declared ARGs", page: "undefined-arg-in-from" },
  WorkdirRelativePath: {
    description:
      "Relative workdir without an absolute workdir declared within the build can have unexpected results if the base image changes",
    page: "workdir-relative-path",
  },
  UndefinedVar: { description: "Variables should be defined before their use", page: "undefined-var" },
  MultipleInstructionsDisallowed: {
    description: "Multiple instructions of the same type should not be used in the same stage",
    page: "multiple-instructions-disallowed",
  },
  LegacyKeyValueFormat: {
    description: "Legacy key/value format with whitespace separator should not be used",
    page: "legacy-key-value-format",
  },
  InvalidBaseImagePlatform: { description: "Base image platform does not match expected target platform" },
  RedundantTargetPlatform: {
    description: "Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior",
    page: "redundant-target-platform",
  },
  SecretsUsedInArgOrEnv: {
    description: "Sensitive data should not be used in the ARG or ENV commands",
    page: "secrets-used-in-arg-or-env",
  },
  InvalidDefaultArgInFrom: {
    description: "Default value for global ARG results in an empty or invalid base image name",
    page: "invalid-default-arg-in-from",
  },
  FromPlatformFlagConstDisallowed: {
    description: "FROM --platform flag should not use a constant value",
    page: "from-platform-flag-const-disallowed",
  },
  CopyIgnoredFile: {
    description: "Attempting to Copy file that is excluded by .dockerignore",
    page: "copy-ignored-file",
    experimental: true,
  },
  InvalidDefinitionDescription: {
    description:
      "Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. If this is not intended to be a description comment, add an empty line or comment between the instruction and the comment.",
    page: "invalid-definition-description",
    experimental: true,
  },
  ExposeProtoCasing: {
    description: "Protocol in EXPOSE instruction should be lowercase",
    page: "expose-proto-casing",
  },
  ExposeInvalidFormat: {
    description:
      "IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error in a future release",
    page: "expose-invalid-format",
  },
} as const satisfies Readonly<Record<string, Rule>>;
export type RuleName = keyof typeof rules;

export interface LintWarning {
  readonly rule: RuleName;
  readonly description: string;
  readonly url: string;
  readonly message: string;
  readonly range: LineRange;
}

interface Options {
  readonly skip: ReadonlySet<string>;
  readonly skipAll: boolean;
  readonly experimental: ReadonlySet<string>;
  readonly experimentalAll: boolean;
  readonly error: boolean;
}

/** The value of `# check=`: "skip=Rule,Rule;error=true;experimental=all". */
function readOptions(text: string): Options {
  const lists: Record<string, readonly string[]> = {};
  let error = false;
  // What stands behind a blank is a remark.
  for (const part of (text.split(" ", 1)[0] ?? "").split(";").filter((p) => p.trim() !== "")) {
    const equals = part.indexOf("=");
    const key = part.slice(0, equals).trim().toLowerCase();
    const value = part.slice(equals + 1).trim();
    if (equals < 0)
      throw new DockerfileError(`failed to parse check options: invalid check option ${JSON.stringify(part)}`);
    if (key === "error") error = /^(true|1|t)$/i.test(value);
    else if (key === "skip" || key === "experimental") lists[key] = value.split(",").map((name) => name.trim());
    else throw new DockerfileError(`failed to parse check options: invalid check option ${JSON.stringify(key)}`);
  }
  const named = (key: string): readonly string[] => lists[key] ?? [];
  return {
    skip: new Set(named("skip")),
    skipAll: named("skip").includes("all"),
    experimental: new Set(named("experimental")),
    experimentalAll: named("experimental").includes("all"),
    error,
  };
}

/** Gathers what the checks find; each finding once. */
export class Linter {
  readonly #options: Options;
  readonly #seen = new Set<string>();
  readonly warnings: LintWarning[] = [];

  constructor(directive: string | undefined) {
    this.#options = readOptions(directive ?? "");
  }

  /** `comments` above an instruction may hold "check=skip=Rule" for it alone. */
  report(rule: RuleName, range: LineRange, message: string, comments: readonly string[] = []): void {
    const known: Rule = rules[rule];
    const options = this.#options;
    const local = comments.flatMap((comment) => /^check\s*=\s*(.+)$/i.exec(comment)?.[1] ?? []).map(readOptions);
    const skipped = [options, ...local].some((o) => o.skipAll || o.skip.has(rule));
    const wanted =
      known.experimental !== true || [options, ...local].some((o) => o.experimentalAll || o.experimental.has(rule));
    const key = JSON.stringify([rule, range.start, message]);
    if (skipped || !wanted || this.#seen.has(key)) return;
    this.#seen.add(key);
    const url = known.page === undefined ? "" : `https://docs.docker.com/go/dockerfile/rule/${known.page}/`;
    this.warnings.push({ rule, description: known.description, url, message, range });
  }

  /** With `error=true` a build with warnings fails. */
  get failure(): string | undefined {
    if (!this.#options.error || this.warnings.length === 0) return undefined;
    const names = [...new Set(this.warnings.map(({ rule }) => rule))].sort();
    return `lint violation found for rules: ${names.join(", ")}`;
  }
}

const secret = /(?:_|^)(?:apikey|auth|credential|credentials|key|password|pword|passwd|secret|token)(?:_|$)/i;
const harmless = /(?:_|^)(?:public|file|version)(?:_|$)/i;
export const looksSecret = (name: string): boolean => secret.test(name) && !harmless.test(name);
