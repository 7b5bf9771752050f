/**
 * Which step an image is shown as. An image is one vertex of BuildKit's graph, however often a Dockerfile names it, and has the name that it was
 * given last when the graph was written: depth first from the target, a stage's base before what its instructions copy from.
 */
import { mountFrom } from "../dockerfile/mount.ts";
import { findSource, type StageGraph, type StageNode } from "./graph.ts";

/** The stage whose FROM it is; "source" where an instruction names the image itself. */
export type ImageStep = StageNode | "source";

export function imageSteps(
  { nodes, target }: StageGraph,
  options: {
    readonly nameOf: (image: string) => string;
    /** Contexts that stand before stages and images of their name. */
    readonly isNamed: (name: string) => boolean;
  },
): ReadonlyMap<string, ImageStep> {
  const { nameOf, isNamed } = options;
  const steps = new Map<string, ImageStep>();
  const visited = new Set<StageNode>();
  const visit = (node: StageNode): void => {
    if (visited.has(node) || isNamed(node.stage.stage)) return;
    visited.add(node);
    if (node.base.kind === "stage") visit(node.base.node);
    else if (node.base.kind === "image") steps.set(nameOf(node.base.name), node);
    for (const command of node.stage.commands) {
      const names =
        command.kind === "copy" ? [command.from] : command.kind === "run" ? command.mounts.map(mountFrom) : [];
      for (const name of names) {
        if (name === "" || name === "scratch" || isNamed(name)) continue;
        const stage = findSource(nodes, name, command.range);
        if (stage === undefined) steps.set(nameOf(name), "source");
        else visit(stage);
      }
    }
  };
  visit(target);
  return steps;
}
