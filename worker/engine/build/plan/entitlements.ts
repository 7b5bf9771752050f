/** What a build must be allowed to do beyond what any may (BuildKit's entitlements), asked before the first step. */
import { DockerfileError } from "../dockerfile/index.ts";
import { neededStages, type StageGraph } from "./graph.ts";

export function checkEntitlements(graph: StageGraph, allowed: readonly string[]): void {
  for (const { stage } of neededStages(graph, () => false))
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
