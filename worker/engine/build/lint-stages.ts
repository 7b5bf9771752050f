/** Stages looked over without a step of them being carried out: their instructions are applied, for what is wrong with them. */
import type { ImageConfig } from "../domains.ts";
import {
  type Command,
  DockerfileError,
  type Linter,
  type PatternMatcher,
  parseDockerfile,
  readCommand,
} from "./dockerfile/index.ts";
import { applyCommand } from "./plan/apply.ts";
import type { StageGraph, StageNode } from "./plan/graph.ts";
import { continueState, newState, type StageState } from "./plan/stage-state.ts";

export interface CheckOptions {
  readonly escapeChar: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly lint: Linter;
  readonly ignored: PatternMatcher | undefined;
  readonly nodes: readonly StageNode[];
  /** What a stage is built on that is no stage. Where it is not known, nothing is said about the stage. */
  readonly base: (node: StageNode) => ImageConfig | undefined;
}

export function checkStages(graph: StageGraph, options: CheckOptions): void {
  const states = new Map<StageNode, StageState>();
  for (const node of options.nodes) {
    const below = node.base.kind === "stage" ? states.get(node.base.node) : undefined;
    const config = node.base.kind === "stage" ? below?.config : options.base(node);
    if (config === undefined) continue;
    const state = below === undefined ? newState(config, [], "") : continueState(below);
    states.set(node, state);
    const triggers = (config.OnBuild ?? []).map((trigger) => triggered(trigger, node));
    for (const command of [...triggers, ...node.stage.commands])
      applyCommand(state, command, { ...options, globalArgs: graph.globalArgs, created: undefined });
  }
}

/** An instruction of the base's ONBUILD; it stands where the stage's FROM does. */
export function triggered(text: string, node: StageNode): Command {
  const [parsed] = parseDockerfile(text).nodes;
  if (parsed === undefined) throw new DockerfileError("onbuild trigger should be a single expression");
  const { start, end } = node.stage.range;
  return readCommand({ ...parsed, startLine: start, endLine: end });
}
