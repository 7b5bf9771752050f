import type {
  BatchContext,
  ByteDuplex,
  CommandCall,
  DatagramSocket,
  Guest,
  GuestProcess,
  Listener,
  Op,
  OpResult,
  ProcessSpec,
  SocketAddress,
  WatchedKind,
  WatchSpec,
} from "../engine/ports/guest.ts";
import { GuestError } from "../engine/ports/guest.ts";
import { Calls } from "./calls.ts";
import { Connection, type ConnectionState, channelError, readableOf, writableOf } from "./connection.ts";
import type { MachineLink } from "./link.ts";
import { readResult, UNSET, writeOps } from "./op-frame.ts";
import { Processes, type ProcessState } from "./processes.ts";
import { guestFrames, PROTOCOL_VERSION } from "./protocol.ts";
import { type ListenOptions, Sockets } from "./sockets.ts";
import type { StreamState } from "./streams.ts";
import { readKinds, writeWatch } from "./watch.ts";
import { WireError, type WireReader, WireWriter } from "./wire.ts";

/** What a client knows of its agent, as plain data: part of a checkpoint, worthless without the machine's state of the same instant. */
export interface AgentState {
  readonly connection: ConnectionState;
  readonly processes: readonly ProcessState[];
  readonly streams: readonly StreamState[];
  /** Their owners are gone after a restore. */
  readonly listeners: readonly number[];
  readonly calls: readonly number[];
}

/** What a restored machine is told, so that it is not its snapshot's twin. */
export interface Renewal {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly entropy: Uint8Array;
  /** 32 hex digits, or "" to keep the old one. */
  readonly machineId?: string;
  readonly hostname?: string;
}

/** The agent in the machine, as the engine's {@link Guest}. All frames that come in are checked; a bad one ends the channel, never the program. */
export class AgentClient implements Guest {
  /** Settles when the guest has broken the protocol, or the client was disposed of. */
  readonly lost: Promise<GuestError>;
  readonly #connection: Connection;
  readonly #processes: Processes;
  readonly #sockets: Sockets;
  readonly #calls: Calls;
  #reportLost: (error: GuestError) => void = () => {};

  constructor(link: MachineLink, state?: AgentState) {
    this.lost = new Promise((report) => {
      this.#reportLost = report;
    });
    const events = {
      notice: (kind: number, id: number, reader: WireReader) => this.#onNotice(kind, id, reader),
      lost: (error: GuestError) => this.#onLost(error),
    };
    this.#connection = new Connection(link, events, state?.connection);
    this.#processes = new Processes(this.#connection);
    this.#sockets = new Sockets(this.#connection);
    this.#calls = new Calls(this.#connection);
    if (state !== undefined) this.#adopt(state);
  }

  /** A client for a machine that was restored together with this state: its processes are running on. */
  static fromState(link: MachineLink, state: AgentState): AgentClient {
    return new AgentClient(link, state);
  }

  get commands(): ReadableStream<CommandCall> {
    return this.#calls.incoming;
  }

  exportState(): AgentState {
    return {
      connection: this.#connection.exportState(),
      processes: this.#processes.exportState(),
      streams: this.#connection.exportStreams(),
      listeners: this.#sockets.listening(),
      calls: this.#calls.open(),
    };
  }

  /** A process of before the restore, by its process id. */
  adopted(pid: number): GuestProcess | undefined {
    return this.#processes.adopted(pid);
  }

  adoptedPids(): readonly number[] {
    return this.#processes.adoptedPids();
  }

  /** Whether the agent has answered all that it was asked. */
  get idle(): boolean {
    return this.#connection.waiting === 0;
  }

  /** The machine is put back to another instant, and another client takes over: this one falls silent, and what waits for it waits for ever. */
  abandon(): void {
    this.#connection.abandon();
  }

  /** To be called first, and after each restore. Without a state of its own the client has the agent close all that an earlier one left open. */
  async renew(renewal: Renewal, options: { readonly fresh: boolean }): Promise<void> {
    const seconds = Math.floor(renewal.now / 1000);
    const payload = new WireWriter()
      .u64(seconds)
      .u32(Math.round((renewal.now - seconds * 1000) * 1e6))
      .data(renewal.entropy)
      .string(renewal.machineId ?? "")
      .string(renewal.hostname ?? "")
      .u8(Number(options.fresh));
    const version = await this.#connection.request("hello", payload.bytes(), (reader) => reader.u32());
    if (version !== PROTOCOL_VERSION) throw channelError(`agent speaks protocol ${version}`);
  }

  batch(ops: readonly Op[], context: BatchContext = {}): Promise<readonly OpResult[]> {
    if (ops.length === 0) return Promise.resolve([]);
    return sayable("batch", () => {
      const writer = contextWriter(context).u16(ops.length);
      writeOps(writer, ops);
      return this.#connection.request("batch", writer.bytes(), (reader) => ops.map(() => readResult(reader)));
    });
  }

  spawn(spec: ProcessSpec): Promise<GuestProcess> {
    return sayable("spawn", () => this.#processes.spawn(spec));
  }

  readFile(path: string, context: BatchContext = {}, offset = 0): ReadableStream<Uint8Array> {
    return deferredReadable(() =>
      sayable("read", () =>
        this.#connection.request("openRead", contextWriter(context).string(path).u64(offset).bytes(), (_, id) =>
          readableOf(this.#connection.open(id + 1, { read: {} })),
        ),
      ),
    );
  }

  writeFile(
    path: string,
    options: {
      readonly mode?: number;
      readonly uid?: number;
      readonly gid?: number;
      readonly context?: BatchContext;
    } = {},
  ): WritableStream<Uint8Array> {
    const { mode = 0o644, uid = UNSET, gid = UNSET, context = {} } = options;
    const opened = sayable("write", () => {
      const payload = contextWriter(context).string(path).u32(mode).u32(uid).u32(gid);
      return this.#connection.request("openWrite", payload.bytes(), (_, id) =>
        writableOf(this.#connection.open(id + 1, { write: { awaitsClose: true } })).getWriter(),
      );
    });
    opened.catch(() => {});
    return new WritableStream({
      start: async () => void (await opened),
      write: async (chunk) => (await opened).write(chunk),
      close: async () => (await opened).close(),
      abort: async (reason) => (await opened).abort(reason),
    });
  }

  connect(address: SocketAddress, namespace = ""): Promise<ByteDuplex> {
    return sayable("connect", () => this.#sockets.connect(address, namespace));
  }

  listen(address: SocketAddress, options: ListenOptions = {}): Promise<Listener> {
    return sayable("listen", () => this.#sockets.listen(address, options));
  }

  openDatagram(host: string, port: number, namespace = ""): Promise<DatagramSocket> {
    return sayable("bind", () => this.#sockets.openDatagram(host, port, namespace));
  }

  watch(spec: WatchSpec): Promise<ReadableStream<ReadonlySet<WatchedKind>>> {
    return sayable("watch", () =>
      this.#connection.request("watch", writeWatch(spec), (_, id) =>
        readKinds(readableOf(this.#connection.open(id + 1, { read: {} }))),
      ),
    );
  }

  /** For the snapshot's builder: drops caches, and leaves all free memory zero. */
  zeroFreeMemory(): Promise<void> {
    return this.#connection.request("zeroFreeMemory", new Uint8Array(), () => undefined);
  }

  /** Ends the client: everything open on it fails. The machine is not told. */
  dispose(reason = "the machine was stopped"): void {
    this.#connection.lose(reason);
  }

  #onNotice(kind: number, id: number, reader: WireReader): void {
    switch (kind) {
      case guestFrames.exit:
        this.#processes.onExit(id, reader);
        return;
      case guestFrames.accepted:
        this.#sockets.onAccepted(id, reader.u32());
        return;
      case guestFrames.call:
        this.#calls.onCall(id, reader);
        return;
      case guestFrames.callSignal:
        this.#calls.onSignal(id, reader.u32());
        return;
      default:
        throw new WireError(`frame of kind ${kind}`);
    }
  }

  #onLost(error: GuestError): void {
    this.#processes.lose(error);
    this.#sockets.lose(error);
    this.#calls.lose(error);
    this.#reportLost(error);
  }

  #adopt(state: AgentState): void {
    const streams = new Map(state.streams.map((stream) => [stream.id, stream]));
    this.#processes.adopt(state.processes, streams);
    for (const call of state.calls) this.#explain(streams.get(call + STDERR));
    for (const id of streams.keys()) this.#connection.tell("reset", id);
    const told = [
      ...state.listeners.map((id) => this.#sockets.closeListener(id)),
      ...state.calls.map((id) => this.#calls.abandon(id)),
    ];
    // They fail when the machine is lost meanwhile; then there is nothing left to close.
    for (const answer of told) answer.catch(() => {});
  }

  /** A command of before the restore ends: the person at its terminal is told why. */
  #explain(stderr: StreamState | undefined): void {
    const room = stderr?.write?.window ?? 0;
    if (stderr !== undefined && room >= INTERRUPTED.length) this.#connection.tell("data", stderr.id, INTERRUPTED);
  }
}

/** Of a call's streams, which have the ids after its own. */
const STDERR = 3;
const INTERRUPTED = new TextEncoder().encode("\r\nThe machine was put back: this command has ended.\r\n");

/** What cannot be said on the wire fails as what it is, an invalid argument. */
async function sayable<T>(operation: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new GuestError({ errno: "EINVAL", stage: "channel", operation, text: error.message });
  }
}

function contextWriter(context: BatchContext): WireWriter {
  return new WireWriter().u32(context.pid ?? 0).string(context.root ?? "");
}

/** A stream whose source is opened when somebody reads. */
function deferredReadable(open: () => Promise<ReadableStream<Uint8Array>>): ReadableStream<Uint8Array> {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  return new ReadableStream(
    {
      pull: async (controller) => {
        reader ??= (await open()).getReader();
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: async (reason) => reader?.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
