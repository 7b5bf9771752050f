import type { EngineState } from "../assembly.ts";
import type { AgentState } from "../guest/agent-client.ts";
import type { NinepState } from "../workspace/ninep/fids.ts";
import type { FirstShellState } from "./first-shell.ts";

/** The host's side of a saved machine: what agent client, 9p server and engine must know to go on with its kernel. */
export interface HostState {
  readonly schema: 1;
  readonly agent: AgentState;
  readonly ninep: NinepState;
  /** Absent in a machine whose engine has not run. */
  readonly engine?: EngineState;
  readonly shell?: FirstShellState;
}

/** The userland's key on the layers' disk. */
export const userlandKey = "userland";

/** As text for a manifest. Byte arrays inside become `{"bytes": [hex]}`. */
export function packHostState(state: HostState): string {
  return JSON.stringify(state, (_, value: unknown) =>
    value instanceof Uint8Array
      ? { bytes: [...value].map((byte) => byte.toString(16).padStart(2, "0")).join("") }
      : value,
  );
}

export function unpackHostState(text: unknown): HostState {
  if (typeof text !== "string") throw new Error("the machine's snapshot lacks the host's side");
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== "object" || value === null || !("bytes" in value) || typeof value.bytes !== "string")
      return value;
    return Uint8Array.from(value.bytes.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  }) as HostState;
}
