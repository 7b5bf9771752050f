/**
 * Instructions applied to a stage, by BuildKit's dockerfile2llb: the configuration and its history change here; what touches files
 * comes back as a step.
 */

import { parseSignal } from "../../containers/signals.ts";
import { expand } from "../dockerfile/expand.ts";
import { chompHeredoc, parseHeredocWord } from "../dockerfile/heredoc.ts";
import { cleanPath } from "../dockerfile/ignore.ts";
import {
  type Arg,
  type Command,
  type Copy,
  DockerfileError,
  expandWith,
  type KeyValue,
  type Linter,
  looksSecret,
  type PatternMatcher,
  type Run,
} from "../dockerfile/index.ts";
import { parseMount } from "../dockerfile/mount.ts";
import { nearest } from "../dockerfile/suggest.ts";
import { parseChmod } from "../files/chmod.ts";
import { parseExpose } from "./expose.ts";
import { absolutePath, destinationPath } from "./paths.ts";
import { healthText, type StageState, setEnv, withShell } from "./stage-state.ts";
import type { Step } from "./steps.ts";

export interface ApplyOptions {
  readonly escapeChar: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly globalArgs: ReadonlyMap<string, string>;
  readonly lint: Linter;
  /** RFC 3339, of reproducible builds. */
  readonly created: string | undefined;
  readonly ignored: PatternMatcher | undefined;
}

export interface Applied {
  readonly step: Step | undefined;
  /** The instruction as progress shows it, variables replaced. */
  readonly title: string;
}

/** Arguments of BuildKit itself that no process sees. */
const silentArgs: ReadonlySet<string> = new Set(["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"]);

export function applyCommand(state: StageState, command: Command, options: ApplyOptions): Applied {
  try {
    return new Application(state, command, options).apply();
  } catch (error) {
    if (error instanceof DockerfileError && error.range === undefined)
      throw new DockerfileError(error.message, command.range);
    throw error;
  }
}

class Application {
  readonly #state: StageState;
  readonly #command: Command;
  readonly #options: ApplyOptions;

  constructor(state: StageState, command: Command, options: ApplyOptions) {
    this.#state = state;
    this.#command = command;
    this.#options = options;
  }

  apply(): Applied {
    const command = this.#command;
    const state = this.#state;
    const { config } = state;
    switch (command.kind) {
      case "arg":
        this.#arg(command);
        break;
      case "env":
      case "label":
        this.#pairs(command.kind, command.pairs);
        break;
      case "cmd":
      case "entrypoint":
        this.#process(command);
        break;
      case "healthcheck":
        this.#once();
        config.Healthcheck = command.health;
        this.#history(`HEALTHCHECK ${healthText(command.health)}`);
        break;
      case "expose":
        this.#expose(command.ports);
        break;
      case "volume": {
        const paths = command.paths.map((path) => this.#word(path));
        if (paths.includes("")) throw new DockerfileError("VOLUME specified can not be an empty string");
        config.Volumes = { ...config.Volumes, ...Object.fromEntries(paths.map((path) => [path, {}])) };
        this.#history(`VOLUME [${paths.join(" ")}]`);
        break;
      }
      case "shell":
        config.Shell = command.shell;
        this.#history(`SHELL [${command.shell.join(" ")}]`);
        break;
      case "maintainer":
        state.author = command.value;
        this.#history(`MAINTAINER ${command.value}`);
        break;
      case "user":
        config.User = this.#word(command.value);
        this.#history(`USER ${config.User}`);
        break;
      case "stopsignal":
        this.#stopSignal(this.#word(command.value));
        break;
      case "onbuild":
        config.OnBuild = [...(config.OnBuild ?? []), command.expression];
        break;
      case "workdir":
        return this.#workdir(command.value);
      case "run":
        return this.#run(command);
      case "copy":
      case "add":
        return this.#copy(command);
    }
    return { step: undefined, title: command.code };
  }

  #word(text: string): string {
    const { text: result, unmatched } = this.#expanded(text);
    this.#reportUndefined(unmatched);
    return result;
  }

  #expanded(text: string) {
    return expandWith(text, this.#state.env, this.#options.escapeChar, this.#command.range);
  }

  #reportUndefined(unmatched: ReadonlySet<string>): void {
    const { buildArgs, env } = this.#state;
    for (const name of unmatched) {
      if (silentArgs.has(name) || buildArgs.some(({ key }) => key === name)) continue;
      const match = nearest(name, [...env.keys()], true);
      this.#report(
        "UndefinedVar",
        `Usage of undefined variable '$${name}'${match === undefined ? "" : ` (did you mean $${match}?)`}`,
      );
    }
  }

  #report(rule: Parameters<Linter["report"]>[0], message: string): void {
    const { range, comments } = this.#command;
    this.#options.lint.report(rule, range, message, comments);
  }

  #history(text: string, layer: boolean = false, buildkit: boolean = false): void {
    const { created } = this.#options;
    this.#state.history.push({
      ...(created === undefined ? {} : { created }),
      created_by: `${text}${buildkit ? " # buildkit" : ""}`,
      comment: "buildkit.dockerfile.v0",
      ...(layer ? {} : { empty_layer: true }),
    });
  }

  /** An earlier one of the same kind is of no use: it is what the check points at. */
  #once(): void {
    const { kind, name, range, comments } = this.#command;
    const earlier = this.#state.usedOnce.get(kind);
    if (earlier !== undefined)
      this.#options.lint.report(
        "MultipleInstructionsDisallowed",
        earlier,
        `Multiple ${name} instructions should not be used in the same stage because only the last one will be used`,
        comments,
      );
    this.#state.usedOnce.set(kind, range);
  }

  #arg({ args }: Arg): void {
    const { buildArgs, globalArgs } = this.#options;
    const shown: string[] = [];
    for (const { key, value } of args) {
      this.#checkSecret("ARG", key);
      let result: string | undefined;
      if (Object.hasOwn(buildArgs, key)) result = buildArgs[key];
      else if (value !== undefined) result = this.#word(value);
      else result = globalArgs.get(key);
      if (result !== undefined && !silentArgs.has(key)) this.#state.env.set(key, result);
      this.#state.buildArgs.push({ key, value: result });
      shown.push(result === undefined ? key : `${key}=${result}`);
    }
    this.#history(`ARG ${shown.join(" ")}`);
  }

  #checkSecret(instruction: string, key: string): void {
    if (looksSecret(key))
      this.#report(
        "SecretsUsedInArgOrEnv",
        `Do not use ARG or ENV instructions for sensitive data (${instruction} ${JSON.stringify(key)})`,
      );
  }

  #pairs(kind: "env" | "label", pairs: readonly KeyValue[]): void {
    const { config } = this.#state;
    const name = kind.toUpperCase();
    // All values are read before any of them is set.
    const read = pairs.map((pair) => ({ ...pair, key: this.#word(pair.key), value: this.#word(pair.value) }));
    for (const { key, value, legacy } of read) {
      if (legacy)
        this.#report(
          "LegacyKeyValueFormat",
          `"${this.#command.name} key=value" should be used instead of legacy "${this.#command.name} key value" format`,
        );
      if (kind === "env") {
        this.#checkSecret("ENV", key);
        setEnv(this.#state, key, value);
      } else config.Labels = { ...config.Labels, [key]: value };
    }
    this.#history(`${name} ${read.map(({ key, value }) => `${key}=${value}`).join(" ")}`);
  }

  #process({ kind, name, command }: Extract<Command, { kind: "cmd" | "entrypoint" }>): void {
    const state = this.#state;
    const { config } = state;
    this.#once();
    if (command.shell && (config.Shell ?? []).length === 0)
      this.#report(
        "JSONArgsRecommended",
        `JSON arguments recommended for ${name} to prevent unintended behavior related to OS signals`,
      );
    const args = command.shell ? withShell(state, command.args) : command.args;
    if (kind === "cmd") {
      config.Cmd = args;
      config.ArgsEscaped = true;
      state.isCommandSet = true;
    } else {
      config.Entrypoint = args;
      if (!state.isCommandSet) delete config.Cmd;
    }
    this.#history(`${kind.toUpperCase()} [${args.map((arg) => JSON.stringify(arg)).join(" ")}]`);
  }

  #expose(words: readonly string[]): void {
    const { config } = this.#state;
    const found: string[] = [];
    for (const word of words.flatMap((text) => this.#expanded(text).words)) {
      const { ports, hasHostPart, protocol } = parseExpose(word);
      if (protocol !== protocol.toLowerCase())
        this.#report("ExposeProtoCasing", `Defined protocol '${word}' in EXPOSE instruction should be lowercase`);
      if (hasHostPart)
        this.#report(
          "ExposeInvalidFormat",
          `EXPOSE instruction should not define an IP address or host-port mapping, found '${word}'`,
        );
      found.push(...ports);
    }
    config.ExposedPorts = { ...config.ExposedPorts, ...Object.fromEntries(found.map((port) => [port, {}])) };
    this.#history(`EXPOSE [${found.join(" ")}]`);
  }

  #stopSignal(signal: string): void {
    if (parseSignal(signal) === undefined) throw new DockerfileError(`invalid signal: ${signal}`);
    this.#state.config.StopSignal = signal;
    this.#history(`STOPSIGNAL ${signal}`);
  }

  #workdir(value: string): Applied {
    const state = this.#state;
    const path = this.#word(value);
    if (!state.isWorkdirSet && !path.startsWith("/"))
      this.#report(
        "WorkdirRelativePath",
        `Relative workdir ${JSON.stringify(path)} can have unexpected results if the base image changes`,
      );
    state.isWorkdirSet = true;
    const full = absolutePath(state.config.WorkingDir ?? "/", path);
    // As BuildKit keeps it: an absolute path as it was written, any other joined and cleaned.
    state.config.WorkingDir = path.startsWith("/") ? path : full;
    this.#history(`WORKDIR ${state.config.WorkingDir}`, full !== "/");
    return {
      step: full === "/" ? undefined : { kind: "workdir", path: full, owner: state.config.User ?? "" },
      title: this.#title(),
    };
  }

  #title(): string {
    try {
      return upperCommand(this.#expanded(this.#command.code).text);
    } catch {
      return upperCommand(this.#command.code);
    }
  }

  #run(run: Run): Applied {
    const state = this.#state;
    let args = run.command.args;
    let script: { readonly path: string; readonly content: string } | undefined;
    let shell = run.command.shell;
    let title = run.code;
    const [first] = run.heredocs;
    if (first !== undefined) {
      const [line = ""] = args;
      if (parseHeredocWord(line) === undefined)
        args = [line + run.heredocs.map(({ name, content }) => `\n${content}${name}`).join("")];
      else {
        const content = first.chomp ? chompHeredoc(first.content) : first.content;
        title += ` (${summary(first.content)})`;
        if (content.startsWith("#!")) {
          script = { path: `/dev/pipes/${first.name}`, content };
          args = [script.path];
        } else args = [content];
      }
    }
    if (shell) args = withShell(state, args);
    else shell = false;
    const mounts = run.mounts.map((mount) => {
      const parsed = parseMount(mount, (word) => this.#word(word));
      const needsTarget = parsed.type !== "secret" && parsed.type !== "ssh";
      const target =
        needsTarget || parsed.target !== "" ? absolutePath(state.config.WorkingDir ?? "/", parsed.target) : "";
      if (target === "/") throw new DockerfileError(`invalid mount target ${JSON.stringify(target)}`);
      return { ...parsed, target };
    });
    const step: Step = {
      kind: "run",
      args,
      env: [...state.env].map(([key, value]) => `${key}=${value}`),
      cwd: absolutePath("/", state.config.WorkingDir ?? ""),
      user: state.config.User ?? "",
      network: run.network,
      insecure: run.security === "insecure",
      mounts,
      script,
    };
    this.#history(`RUN ${this.#runText(args)}`, true, true);
    return { step, title: this.#runTitle(title) };
  }

  /** The arguments of the build that are in force stand before the command: "|1 VERSION=2 /bin/sh -c …". */
  #runText(args: readonly string[]): string {
    const { buildArgs, env } = this.#state;
    const values = new Map(buildArgs.map(({ key, value }) => [key, env.get(key) ?? value ?? ""]));
    const shown = [...values].map(([key, value]) => `${key}=${value}`);
    return [...(shown.length === 0 ? [] : [`|${shown.length}`, ...shown]), ...args].join(" ");
  }

  #runTitle(code: string): string {
    try {
      const { env } = this.#state;
      const { escapeChar } = this.#options;
      return upperCommand(expand(code, (name) => env.get(name), { escapeChar, rawQuotes: true, keepUnset: true }).text);
    } catch {
      return upperCommand(code);
    }
  }

  #copy(copy: Copy): Applied {
    const add = copy.kind === "add";
    const name = add ? "ADD" : "COPY";
    const word = (text: string): string => this.#word(text);
    const sources = copy.sources.map(word);
    const destination = word(copy.destination);
    const chown = word(copy.chown);
    const chmod = word(copy.chmod);
    const checksum = word(copy.checksum);
    this.#checkSources(sources, copy, { chmod, checksum });
    if (copy.from === "") this.#checkIgnored(sources, add);
    const inline = copy.inline.map((file) => (file.expand ? { ...file, content: this.#raw(file.content) } : file));
    const step: Step = {
      kind: "copy",
      add,
      from: copy.from,
      sources,
      inline,
      destination: destinationPath(this.#state.config.WorkingDir ?? "/", destination),
      chown,
      chmod,
      link: copy.link,
      parents: copy.parents,
      exclude: copy.exclude.map(word),
      checksum,
      keepGitDir: copy.keepGitDir === true,
      unpack: copy.unpack,
    };
    const parts = [
      name,
      ...(copy.parents ? ["--parents"] : []),
      ...(chown === "" ? [] : [`--chown=${chown}`]),
      ...(chmod === "" ? [] : [`--chmod=${chmod}`]),
      ...sources,
      ...inline.map((file) => `<<${file.name}`),
      destination,
    ];
    this.#history(parts.join(" "), true, true);
    return { step, title: this.#title() };
  }

  /** Variables in a heredoc's content; quotes are characters like others. */
  #raw(content: string): string {
    const { range } = this.#command;
    const { text, unmatched } = expandWith(content, this.#state.env, "\\", range, { ignoreQuotes: true });
    this.#reportUndefined(unmatched);
    return text;
  }

  #checkSources(
    sources: readonly string[],
    { kind, from }: Copy,
    { chmod, checksum }: { readonly chmod: string; readonly checksum: string },
  ): void {
    if (/[$]/.test(from))
      throw new DockerfileError(
        "variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround",
      );
    if (kind === "copy" && sources.some(isUrl)) throw new DockerfileError("source can't be a URL for COPY");
    if (kind === "copy" && sources.some(isGit)) throw new DockerfileError("source can't be a git ref for COPY");
    if (!/^\d*$/.test(chmod)) parseChmod(chmod);
    if (/^\d+$/.test(chmod) && !/^[0-7]{1,5}$/.test(chmod))
      throw new DockerfileError(
        `invalid chmod parameter: '${chmod}'. it should be octal string and between 0 and 07777`,
      );
    if (checksum === "") return;
    if (sources.length !== 1) throw new DockerfileError("checksum can't be specified for multiple sources");
    if (!sources.some((source) => isUrl(source) || isGit(source)))
      throw new DockerfileError("checksum requires HTTP(S) or Git sources");
  }

  #checkIgnored(sources: readonly string[], add: boolean): void {
    const { ignored } = this.#options;
    if (ignored === undefined || ignored.isEmpty || ignored.hasExclusions) return;
    for (const source of sources) {
      if (isUrl(source) || isGit(source)) continue;
      const path = cleanPath(source);
      if ((path === "." || path === "/") && !ignored.matchesRoot) continue;
      if (ignored.matches(path.replace(/^\//, "")))
        this.#report(
          "CopyIgnoredFile",
          `Attempting to ${add ? "Add" : "Copy"} file ${JSON.stringify(path)} that is excluded by .dockerignore`,
        );
    }
  }
}

export const isGit = (source: string): boolean =>
  /^(git@[^:]+:|git:\/\/|ssh:\/\/)/.test(source) || /^https?:\/\/[^#?]+\.git(#.*|\?.*)?$/.test(source);
export const isUrl = (source: string): boolean => /^https?:\/\//.test(source) && !isGit(source);

const upperCommand = (text: string): string => text.replace(/^\S+/, (name) => name.toUpperCase());

function summary(content: string): string {
  const [first = "", ...rest] = content.trim().replaceAll("\r\n", "\n").split("\n");
  return rest.length > 0 ? `${first}...` : first;
}
