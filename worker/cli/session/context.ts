/** What a command's handler works with. */
import type { ApiTransport, ByteDuplex } from "../../api/transport.ts";
import type { CommandNode } from "../command/tree.ts";
import type { ConfigFile } from "../config/config-file.ts";
import type { Flags } from "../flags/flags.ts";
import type { CliInvocation } from "../invocation.ts";
import type { ClientFetch } from "../network.ts";
import type { RegistryAccess } from "../registry.ts";
import type { Client } from "./client.ts";
import type { Output } from "./output.ts";
import type { Signals } from "./signals.ts";

export interface Context {
  readonly node: CommandNode;
  readonly flags: Flags;
  readonly args: readonly string[];
  readonly out: Output;
  readonly err: Output;
  readonly client: Client;
  readonly config: ConfigFile;
  readonly configDirectory: string;
  /** Name of the context in use: "default", or one of `docker context`. */
  readonly contextName: string;
  readonly invocation: CliInvocation;
  readonly signals: Signals;
  /** Aborted when the command is to end: SIGINT, SIGTERM, or nobody reads its output any more. */
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after that many milliseconds. */
  after(milliseconds: number): Promise<void>;
  readonly fetch: ClientFetch;
  readonly registry: RegistryAccess;
  /** Puts an engine on a byte stream as HTTP. */
  serve?(connection: ByteDuplex, api: ApiTransport): Promise<void>;
}

/** Exit code; nothing is 0. Failures are thrown as CliError. */
export type Handler = (context: Context) => Promise<number | undefined>;
