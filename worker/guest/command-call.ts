import type { CommandCall } from "../engine/ports/guest.ts";
import type { AgentStream, StreamOptions } from "./streams.ts";
import { WireError, type WireReader } from "./wire.ts";

export interface CallPort {
  setRaw(id: number, on: boolean): Promise<void>;
  size(id: number): Promise<{ readonly rows: number; readonly columns: number }>;
  exit(id: number, code: number): Promise<void>;
}

const SIGHUP = 1;

/** A run of the `docker` stub. When the stub is killed its input ends, its output fails, and SIGHUP is the last signal. */
export class GuestCall implements CommandCall {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly stdin: ReadableStream<Uint8Array>;
  readonly stdout: WritableStream<Uint8Array>;
  readonly stderr: WritableStream<Uint8Array>;
  readonly terminal: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  readonly size: { readonly rows: number; readonly columns: number };
  readonly signals: ReadableStream<number>;
  readonly #id: number;
  readonly #port: CallPort;
  #signalsTo: ReadableStreamDefaultController<number> | undefined;
  #ended = false;

  private constructor(
    reader: WireReader,
    id: number,
    port: CallPort,
    open: (id: number, options: StreamOptions) => AgentStream,
  ) {
    this.#id = id;
    this.#port = port;
    this.pid = reader.u32();
    this.uid = reader.u32();
    this.gid = reader.u32();
    const bits = reader.u8();
    this.terminal = { stdin: (bits & 1) !== 0, stdout: (bits & 2) !== 0, stderr: (bits & 4) !== 0 };
    const rows = reader.u16();
    this.size = { rows, columns: reader.u16() };
    this.program = reader.string();
    this.cwd = reader.string();
    this.args = strings(reader);
    this.env = Object.fromEntries(strings(reader).map(variable));
    const { readable } = open(id + 1, { read: { onDemand: true } });
    const { writable: stdout } = open(id + 2, { write: {} });
    const { writable: stderr } = open(id + 3, { write: {} });
    if (readable === undefined || stdout === undefined || stderr === undefined)
      throw new WireError("call without streams");
    this.stdin = readable;
    this.stdout = stdout;
    this.stderr = stderr;
    this.signals = new ReadableStream({
      start: (controller) => {
        this.#signalsTo = controller;
      },
      cancel: () => {
        this.#signalsTo = undefined;
      },
    });
  }

  static read(
    reader: WireReader,
    id: number,
    port: CallPort,
    open: (id: number, options: StreamOptions) => AgentStream,
  ): GuestCall {
    return new GuestCall(reader, id, port, open);
  }

  async setRaw(on: boolean): Promise<void> {
    if (!this.#ended) await this.#port.setRaw(this.#id, on);
  }

  async currentSize(): Promise<{ readonly rows: number; readonly columns: number }> {
    return this.#ended ? this.size : this.#port.size(this.#id);
  }

  async exit(code: number): Promise<void> {
    if (this.#ended) return;
    this.#end();
    await this.#port.exit(this.#id, code);
  }

  signal(number: number): void {
    this.#signalsTo?.enqueue(number);
  }

  /** The stub was killed, or its machine. */
  gone(): void {
    if (this.#ended) return;
    this.#signalsTo?.enqueue(SIGHUP);
    this.#end();
  }

  #end(): void {
    this.#ended = true;
    this.#signalsTo?.close();
    this.#signalsTo = undefined;
  }
}

function strings(reader: WireReader): readonly string[] {
  return Array.from({ length: reader.count(3) }, () => reader.string());
}

function variable(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
