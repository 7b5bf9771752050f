/** Build checks without a build: the instructions of every stage are applied, bases that are images count as empty. */
import type { Linter, PatternMatcher } from "./dockerfile/index.ts";
import { applyCommand } from "./plan/apply.ts";
import type { StageGraph, StageNode } from "./plan/graph.ts";
import { continueState, newState, type StageState } from "./plan/stage-state.ts";

export interface CheckOptions {
  readonly escapeChar: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly lint: Linter;
  readonly ignored: PatternMatcher | undefined;
}

export function checkStages(graph: StageGraph, options: CheckOptions): void {
  const states = new Map<StageNode, StageState>();
  for (const node of graph.nodes) {
    const base = node.base.kind === "stage" ? states.get(node.base.node) : undefined;
    const state = base === undefined ? newState({}, [], "") : continueState(base);
    states.set(node, state);
    for (const command of node.stage.commands)
      applyCommand(state, command, { ...options, globalArgs: graph.globalArgs, created: undefined });
  }
}
