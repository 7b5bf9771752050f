/** A Dockerfile's stages: what each is built on, which the target needs, which it may copy from. */
import {
  type Arg,
  DockerfileError,
  expandWith,
  type LineRange,
  type Linter,
  type Program,
  type Stage,
} from "../dockerfile/index.ts";
import { mountFrom } from "../dockerfile/mount.ts";
import { withSuggestion } from "../dockerfile/suggest.ts";

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

export type Base =
  | { readonly kind: "scratch" }
  | { readonly kind: "stage"; readonly node: StageNode }
  | { readonly kind: "image"; readonly name: string };

export interface StageNode {
  readonly index: number;
  readonly stage: Stage;
  /** As progress and errors name it: its own name or "stage-0"; "" when it is the only one. */
  readonly label: string;
  readonly base: Base;
  readonly platform: string;
}

export interface StageGraph {
  readonly nodes: readonly StageNode[];
  readonly target: StageNode;
  readonly globalArgs: ReadonlyMap<string, string>;
  readonly metaArgs: readonly Arg[];
}

export interface GraphOptions {
  readonly escapeChar: string;
  readonly target: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly buildPlatform: Platform;
  readonly targetPlatform: Platform;
  readonly lint: Linter;
}

export const platformText = ({ os, architecture, variant }: Platform): string =>
  [os, architecture, ...(variant ? [variant] : [])].join("/");

/** Arguments that every Dockerfile may use in FROM, and any stage by a bare ARG. */
function platformArgs(
  { buildPlatform, targetPlatform, buildArgs, target }: GraphOptions,
  last: string,
): Map<string, string> {
  const values: readonly (readonly [string, string])[] = [
    ["BUILDPLATFORM", platformText(buildPlatform)],
    ["BUILDOS", buildPlatform.os],
    ["BUILDOSVERSION", ""],
    ["BUILDARCH", buildPlatform.architecture],
    ["BUILDVARIANT", buildPlatform.variant ?? ""],
    ["TARGETPLATFORM", platformText(targetPlatform)],
    ["TARGETOS", targetPlatform.os],
    ["TARGETOSVERSION", ""],
    ["TARGETARCH", targetPlatform.architecture],
    ["TARGETVARIANT", targetPlatform.variant ?? ""],
    ["TARGETSTAGE", target || last || "default"],
  ];
  return new Map(values.map(([name, value]) => [name, buildArgs[name] ?? value]));
}

function withMetaArgs(
  known: ReadonlyMap<string, string>,
  metaArgs: readonly Arg[],
  buildArgs: Readonly<Record<string, string>>,
  escapeChar: string,
): Map<string, string> {
  const values = new Map(known);
  for (const { args, range } of metaArgs)
    for (const { key, value } of args) {
      const given = Object.hasOwn(buildArgs, key) ? buildArgs[key] : undefined;
      const result = given ?? (value === undefined ? undefined : expandWith(value, values, escapeChar, range).text);
      if (result !== undefined) values.set(key, result);
    }
  return values;
}

export function planStages(program: Program, options: GraphOptions): StageGraph {
  const { stages, metaArgs } = program;
  const { escapeChar, buildArgs, lint } = options;
  const predefined = platformArgs(options, stages.at(-1)?.stage ?? "");
  checkDefaults(program, predefined, options);
  const globalArgs = withMetaArgs(predefined, metaArgs, buildArgs, escapeChar);
  const declared = new Set([...globalArgs.keys(), ...metaArgs.flatMap(({ args }) => args.map(({ key }) => key))]);
  const nodes: StageNode[] = [];
  const named = new Map<string, StageNode>();
  for (const [index, stage] of stages.entries()) {
    const base = expandWith(stage.base, globalArgs, escapeChar, stage.range);
    reportUndeclared(base.unmatched, declared, stage, lint);
    if (base.text === "") throw new DockerfileError(`base name (${stage.base}) should not be blank`, stage.range);
    if (!isImageName(base.text) && !named.has(base.text.toLowerCase()))
      throw new DockerfileError(
        `failed to parse stage name ${JSON.stringify(base.text)}: ${base.text === base.text.toLowerCase() ? "invalid reference format" : "invalid reference format: repository name must be lowercase"}`,
        stage.range,
      );
    const known = named.get(base.text.toLowerCase());
    const node: StageNode = {
      index,
      stage,
      label: stages.length === 1 && !hasSources(stage) ? "" : stage.stage || `stage-${index}`,
      base:
        known !== undefined
          ? { kind: "stage", node: known }
          : base.text === "scratch"
            ? { kind: "scratch" }
            : { kind: "image", name: base.text },
      platform: platformOf(stage, globalArgs, declared, options),
    };
    nodes.push(node);
    if (stage.stage !== "") named.set(stage.stage, node);
  }
  const target = options.target === "" ? nodes.at(-1) : findStage(nodes, options.target);
  if (target === undefined) {
    const names = nodes.map(({ stage, index }) => stage.stage || `stage-${index}`);
    throw new DockerfileError(
      withSuggestion(`target stage ${JSON.stringify(options.target)} could not be found`, options.target, names),
    );
  }
  checkCycles(nodes);
  return { nodes, target, globalArgs, metaArgs };
}

/** What BuildKit counts as further stages: images that files are copied from, and where mounts come from, be it nothing. */
const hasSources = ({ commands }: Stage): boolean =>
  commands.some(
    (command) =>
      (command.kind === "copy" && command.from !== "") || (command.kind === "run" && command.mounts.length > 0),
  );

function platformOf(
  stage: Stage,
  globalArgs: ReadonlyMap<string, string>,
  declared: ReadonlySet<string>,
  { escapeChar, lint }: GraphOptions,
): string {
  if (stage.platform === "") return "";
  const { text, matched, unmatched } = expandWith(stage.platform, globalArgs, escapeChar, stage.range);
  reportUndeclared(unmatched, declared, stage, lint);
  if (matched.size === 1 && matched.has("TARGETPLATFORM") && text === globalArgs.get("TARGETPLATFORM"))
    lint.report(
      "RedundantTargetPlatform",
      stage.range,
      `Setting platform to predefined ${stage.platform} in FROM is redundant as this is the default behavior`,
      stage.comments,
    );
  const [os = "", architecture = os] = text.split("/");
  if (matched.size === 0 && unmatched.size === 0 && !stage.stage.includes(os) && !stage.stage.includes(architecture))
    lint.report(
      "FromPlatformFlagConstDisallowed",
      stage.range,
      `FROM --platform flag should not use constant value ${JSON.stringify(text)}`,
      stage.comments,
    );
  if (text === "") throw new DockerfileError(`empty platform value from expression ${stage.platform}`, stage.range);
  if (!/^[A-Za-z0-9_.-]+(\([^)]*\))?(\/[A-Za-z0-9_.-]+){0,2}$/.test(text))
    throw new DockerfileError(
      `failed to parse platform ${stage.platform}: ${JSON.stringify(text)} is an invalid component of ${JSON.stringify(text)}: platform specifier component must match "^[A-Za-z0-9_.-]+$": invalid argument`,
      stage.range,
    );
  return text;
}

function reportUndeclared(
  unmatched: ReadonlySet<string>,
  declared: ReadonlySet<string>,
  { range, comments }: Stage,
  lint: Linter,
): void {
  for (const name of unmatched)
    if (!declared.has(name))
      lint.report(
        "UndefinedArgInFrom",
        range,
        withSuggestion(`FROM argument '${name}' is not declared`, name, [...declared]),
        comments,
      );
}

/** FROM must make sense with the defaults of the global arguments. */
function checkDefaults(
  { stages, metaArgs }: Program,
  predefined: ReadonlyMap<string, string>,
  options: GraphOptions,
): void {
  let defaults: ReadonlyMap<string, string>;
  try {
    defaults = withMetaArgs(predefined, metaArgs, {}, options.escapeChar);
  } catch {
    return;
  }
  for (const { base, range, comments } of stages) {
    let name: string;
    try {
      name = expandWith(base, defaults, options.escapeChar, range).text;
    } catch {
      return;
    }
    if (!isImageName(name))
      options.lint.report(
        "InvalidDefaultArgInFrom",
        range,
        `Default value for ARG ${base} results in empty or invalid base image name`,
        comments,
      );
  }
}

/** The distribution project's grammar of references. */
const isImageName = (name: string): boolean =>
  /^([a-zA-Z0-9.-]+(:\d+)?\/)?[a-z0-9]+((\.|__?|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|__?|-+)[a-z0-9]+)*)*(:[\w][\w.-]{0,127})?(@[a-zA-Z0-9_+.-]+:[0-9a-fA-F]{32,})?$/.test(
    name,
  );

/** By name in any case, or by number. */
export function findStage(nodes: readonly StageNode[], name: string): StageNode | undefined {
  const wanted = name.toLowerCase();
  return nodes.findLast(({ stage }) => stage.stage !== "" && stage.stage === wanted);
}

/** What a COPY --from or a RUN --mount names: a stage, or something outside of the file. */
export function findSource(nodes: readonly StageNode[], name: string, range: LineRange): StageNode | undefined {
  if (/^-?\d+$/.test(name)) {
    const node = nodes[Number(name)];
    if (node === undefined) throw new DockerfileError(`invalid stage index ${name}`, range);
    return node;
  }
  return findStage(nodes, name);
}

/** What a stage needs of another one, and which of its lines says so. */
interface Need {
  readonly node: StageNode;
  readonly range: LineRange;
}

function needs(nodes: readonly StageNode[], node: StageNode): readonly Need[] {
  const found: Need[] = node.base.kind === "stage" ? [{ node: node.base.node, range: node.stage.range }] : [];
  for (const command of node.stage.commands) {
    const names =
      command.kind === "copy" ? [command.from] : command.kind === "run" ? command.mounts.map(mountFrom) : [];
    for (const name of names) {
      const source = name === "" ? undefined : findSource(nodes, name, command.range);
      if (source !== undefined) found.push({ node: source, range: command.range });
    }
  }
  return found;
}

/** Stages that a stage's own instructions and base need. */
export const dependencies = (nodes: readonly StageNode[], node: StageNode): readonly StageNode[] =>
  needs(nodes, node).map((need) => need.node);

/** The target and all that it needs, in the file's order. `ends`: stages that need nothing, because something stands in their place. */
export function neededStages({ nodes, target }: StageGraph, ends: (node: StageNode) => boolean): readonly StageNode[] {
  const found = new Set<StageNode>();
  const visit = (node: StageNode): void => {
    if (found.has(node)) return;
    found.add(node);
    if (!ends(node)) for (const next of dependencies(nodes, node)) visit(next);
  };
  visit(target);
  return nodes.filter((node) => found.has(node));
}

/** The error names every instruction of the circle, the last one first, as dockerfile2llb's does. */
function checkCycles(nodes: readonly StageNode[]): void {
  const done = new Set<StageNode>();
  const visit = (
    node: StageNode,
    path: ReadonlySet<StageNode>,
    lines: readonly LineRange[],
    start: StageNode,
  ): void => {
    if (path.has(node)) {
      const [last, ...via] = lines.toReversed();
      throw new DockerfileError(
        `circular dependency detected on stage: ${start.stage.stage || `stage-${start.index}`}`,
        last,
        via,
      );
    }
    if (done.has(node)) return;
    for (const next of needs(nodes, node)) visit(next.node, new Set([...path, node]), [...lines, next.range], start);
    done.add(node);
  };
  for (const node of nodes) visit(node, new Set(), [], node);
}
