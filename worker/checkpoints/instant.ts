/** What belongs to a checkpoint besides the machine itself, as plain data: it is the `host` of its file. */
import type { EngineState } from "../assembly.ts";
import type { AgentState } from "../guest/agent-client.ts";
import type { TerminalState } from "../host/terminals.ts";
import type { LogsImage } from "../storage/logs.ts";
import type { Partitions } from "../vm/layer-disk.ts";
import type { StoresImage } from "./stores.ts";

/** Captured at once, while nothing runs. */
export interface Instant extends StoresImage {
  readonly schema: 1;
  readonly agent: AgentState;
  readonly engine: EngineState;
  readonly partitions: Partitions;
  readonly terminals: readonly TerminalState[];
  /** Ethernet frames that end the guest's connections of then: nobody is at their other end any more. */
  readonly farewells: readonly Uint8Array[];
}

/** In a file. */
export interface FiledInstant extends Instant {
  readonly name: string;
  readonly at: number;
  readonly logs: LogsImage;
}
