import { type CommandCall, GuestError } from "../engine/ports/guest.ts";
import { type CallPort, GuestCall } from "./command-call.ts";
import type { Connection } from "./connection.ts";
import { type WireReader, WireWriter } from "./wire.ts";

/** What a command of before a restore exits with. */
const RESTORED_EXIT_CODE = 1;

/** The calls of programs in the guest that have not ended. */
export class Calls {
  readonly incoming: ReadableStream<CommandCall>;
  readonly #connection: Connection;
  readonly #calls = new Map<number, GuestCall>();
  #controller: ReadableStreamDefaultController<CommandCall> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.incoming = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.#controller = undefined;
      },
    });
  }

  open(): readonly number[] {
    return [...this.#calls.keys()];
  }

  async abandon(id: number): Promise<void> {
    await this.#port.exit(id, RESTORED_EXIT_CODE);
  }

  onCall(id: number, reader: WireReader): void {
    const call = GuestCall.read(reader, id, this.#port, (stream, options) => this.#connection.open(stream, options));
    this.#calls.set(id, call);
    if (this.#controller === undefined) void call.exit(RESTORED_EXIT_CODE).catch(() => {});
    else this.#controller.enqueue(call);
  }

  /** 0: the program was killed. */
  onSignal(id: number, signal: number): void {
    const call = this.#calls.get(id);
    if (signal !== 0) {
      call?.signal(signal);
      return;
    }
    this.#calls.delete(id);
    this.#dropStreams(id, new GuestError({ errno: "EPIPE", stage: "socket", operation: "call", text: "broken pipe" }));
    call?.gone();
  }

  lose(error: GuestError): void {
    for (const call of this.#calls.values()) call.gone();
    this.#calls.clear();
    this.#controller?.error(error);
  }

  readonly #port: CallPort = {
    setRaw: (id, on) => {
      const payload = new WireWriter().u32(id).u8(Number(on));
      return this.#connection.request("callSetRaw", payload.bytes(), () => undefined);
    },
    size: (id) =>
      this.#connection.request("callSize", new WireWriter().u32(id).bytes(), (reader) => {
        const rows = reader.u16();
        return { rows, columns: reader.u16() };
      }),
    exit: async (id, code) => {
      this.#calls.delete(id);
      await this.#connection.request("callExit", new WireWriter().u32(id).u32(code).bytes(), () => undefined);
      this.#dropStreams(id);
    },
  };

  #dropStreams(id: number, error?: GuestError): void {
    for (const stream of [id + 1, id + 2, id + 3]) this.#connection.drop(stream, error);
  }
}
