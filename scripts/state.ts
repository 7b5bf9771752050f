import { join } from "node:path";
import { root } from "./build/step.ts";

/** Where the commands keep a playground: DRYDOCK_STATE, else .drydock/ in the repository; undefined keeps nothing ("memory"). */
export function stateDirectory(): string | undefined {
  const named = process.env.DRYDOCK_STATE;
  if (named === "memory") return undefined;
  return named ?? join(root, ".drydock");
}
