/** What a build must be allowed to do beyond what any may (BuildKit's entitlements), asked before the first step. */
import { DockerfileError } from "../dockerfile/index.ts";
import { dependencies, type StageGraph, type StageNode } from "./graph.ts";

export function checkEntitlements({ nodes, target }: StageGraph, allowed: readonly string[]): void {
  const needed = new Set<StageNode>();
  const visit = (node: StageNode): void => {
    if (needed.has(node)) return;
    needed.add(node);
    for (const next of dependencies(nodes, node)) visit(next);
  };
  visit(target);
  for (const { stage } of needed)
    for (const command of stage.commands) {
      if (command.kind !== "run") continue;
      const wanted = [
        ...(command.network === "host" ? ["network.host"] : []),
        ...(command.security === "insecure" ? ["security.insecure"] : []),
      ];
      for (const name of wanted)
        if (!allowed.includes(name)) throw new DockerfileError(`failed to load LLB: ${name} is not allowed`);
    }
}
