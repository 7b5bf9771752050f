import {
  type BatchContext,
  type ByteDuplex,
  type CommandCall,
  type Datagram,
  type DatagramSocket,
  type ExitStatus,
  type Guest,
  GuestError,
  type GuestProcess,
  type Listener,
  type Op,
  type OpResult,
  type ProcessSpec,
  type SocketAddress,
  type Stdio,
} from "../engine/ports/guest.ts";
import { writeAddress } from "./addresses.ts";
import { Channel, type ChannelState } from "./channel.ts";
import { type CallPort, GuestCall } from "./command-call.ts";
import { readDatagram, writeDatagram } from "./datagrams.ts";
import { errnoName, errnoText } from "./errno.ts";
import type { MachineLink } from "./link.ts";
import { readResult, UNSET, writeOps } from "./op-frame.ts";
import { guestFrames, type HostFrame, PROTOCOL_VERSION, stages } from "./protocol.ts";
import { spawnPayload } from "./spawn-frame.ts";
import { AgentStream, type StreamOptions, type StreamPort, type StreamState } from "./streams.ts";
import { WireError, WireReader, WireWriter } from "./wire.ts";

/** What a client knows of its agent, as plain data: part of a checkpoint, worthless without the machine's state of the same instant. */
export interface AgentState {
  readonly channel: ChannelState;
  readonly nextId: number;
  readonly processes: readonly { readonly id: number; readonly pid: number; readonly stdio: Stdio["kind"] }[];
  readonly streams: readonly StreamState[];
  /** Requests under way, listeners and calls: their owners are gone after a restore. */
  readonly abandoned: readonly number[];
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

interface Request {
  readonly resolve: (reader: WireReader) => void;
  readonly reject: (error: GuestError) => void;
}
interface ProcessEntry {
  readonly process: GuestProcess;
  readonly stdio: Stdio["kind"];
  readonly exited: (status: ExitStatus) => void;
  readonly lost: (error: GuestError) => void;
}
interface ListenerEntry {
  readonly controller: ReadableStreamDefaultController<ByteDuplex>;
}

const NOTHING = new Uint8Array();

/** The agent in the machine, as the engine's {@link Guest}. All frames that come in are checked; a bad one ends the channel, never the program. */
export class AgentClient implements Guest {
  readonly commands: ReadableStream<CommandCall>;
  /** Settles when the guest has broken the protocol. */
  readonly lost: Promise<GuestError>;
  readonly #channel: Channel;
  readonly #requests = new Map<number, Request>();
  readonly #streams = new Map<number, AgentStream>();
  readonly #processes = new Map<number, ProcessEntry>();
  readonly #listeners = new Map<number, ListenerEntry>();
  readonly #calls = new Map<number, GuestCall>();
  readonly #adopted = new Map<number, GuestProcess>();
  #callsTo: ReadableStreamDefaultController<CommandCall> | undefined;
  #reportLost: (error: GuestError) => void = () => {};
  #nextId: number;
  #failure: GuestError | undefined;

  constructor(link: MachineLink, state?: AgentState) {
    this.commands = new ReadableStream<CommandCall>({
      start: (controller) => {
        this.#callsTo = controller;
      },
    });
    this.lost = new Promise((report) => {
      this.#reportLost = report;
    });
    this.#nextId = state?.nextId ?? 4;
    const events = {
      frame: (kind: number, id: number, payload: Uint8Array) => this.#onFrame(kind, id, new WireReader(payload)),
      lost: (reason: WireError) => this.#lose(reason.message),
    };
    this.#channel = new Channel(link, events, state?.channel);
    if (state !== undefined) this.#adoptState(state);
  }

  /** A client for a machine that was restored together with this state: its processes are running on. */
  static fromState(link: MachineLink, state: AgentState): AgentClient {
    return new AgentClient(link, state);
  }

  exportState(): AgentState {
    return {
      channel: this.#channel.exportState(),
      nextId: this.#nextId,
      processes: [...this.#processes].map(([id, { process, stdio }]) => ({ id, pid: process.pid, stdio })),
      streams: [...this.#streams.values()].map((stream) => stream.exportState()),
      abandoned: [...this.#listeners.keys(), ...this.#calls.keys()],
    };
  }

  /** A process of before the restore, by its process id. */
  adopted(pid: number): GuestProcess | undefined {
    return this.#adopted.get(pid);
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
    const version = await this.#request("hello", payload.bytes(), (reader) => reader.u32());
    if (version !== PROTOCOL_VERSION) throw channelError(`agent speaks protocol ${version}`);
  }

  batch(ops: readonly Op[], context: BatchContext = {}): Promise<readonly OpResult[]> {
    if (ops.length === 0) return Promise.resolve([]);
    return this.#encoded("batch", () => {
      const writer = contextWriter(context).u16(ops.length);
      writeOps(writer, ops);
      return this.#request("batch", writer.bytes(), (reader) => ops.map(() => readResult(reader)));
    });
  }

  spawn(spec: ProcessSpec): Promise<GuestProcess> {
    return this.#encoded("spawn", () =>
      this.#request("spawn", spawnPayload(spec), (reader, id) => {
        const entry = this.#newProcess(id, reader.u32(), spec.stdio, (stream, options) => this.#open(stream, options));
        return entry.process;
      }),
    );
  }

  readFile(path: string, context: BatchContext = {}, offset = 0): ReadableStream<Uint8Array> {
    return deferredReadable(() =>
      this.#encoded("read", () =>
        this.#request("openRead", contextWriter(context).string(path).u64(offset).bytes(), (_, id) =>
          readableOf(this.#open(id + 1, { read: {} })),
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
    const opened = this.#encoded("write", () => {
      const { mode = 0o644, uid = UNSET, gid = UNSET, context = {} } = options;
      const payload = contextWriter(context).string(path).u32(mode).u32(uid).u32(gid);
      return this.#request("openWrite", payload.bytes(), (_, id) =>
        writableOf(this.#open(id + 1, { write: { awaitsClose: true } })).getWriter(),
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
    return this.#encoded("connect", () => {
      const payload = writeAddress(new WireWriter(), address).string(namespace);
      return this.#request("connect", payload.bytes(), (_, id) => this.#duplex(id + 1));
    });
  }

  listen(
    address: SocketAddress,
    options: { readonly namespace?: string; readonly mode?: number; readonly uid?: number; readonly gid?: number } = {},
  ): Promise<Listener> {
    return this.#encoded("listen", () => {
      const { namespace = "", mode = UNSET, uid = UNSET, gid = UNSET } = options;
      const payload = writeAddress(new WireWriter(), address).string(namespace).u32(mode).u32(uid).u32(gid);
      return this.#request("listen", payload.bytes(), (_, id) => this.#newListener(id));
    });
  }

  openDatagram(host: string, port: number, namespace = ""): Promise<DatagramSocket> {
    return this.#encoded("bind", () => {
      const payload = writeAddress(new WireWriter(), { kind: "tcp", host, port }).string(namespace);
      return this.#request("datagram", payload.bytes(), (_, id) => {
        const { readable, writable } = this.#duplex(id + 1);
        return this.#datagramSocket(id + 1, readable, writable);
      });
    });
  }

  /** For the snapshot's builder: drops caches, and leaves all free memory zero. */
  async zeroFreeMemory(): Promise<void> {
    await this.#request("zeroFreeMemory", NOTHING, () => undefined);
  }

  /** Ends the client: everything open on it fails. The machine is not told. */
  dispose(reason = "the machine was stopped"): void {
    this.#lose(reason);
    this.#channel.close();
  }

  // ------------------------------------------------------------ requests

  #request<T>(kind: HostFrame, payload: Uint8Array, read: (reader: WireReader, id: number) => T): Promise<T> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = this.#nextId;
    this.#nextId = id + 4 > 0x7fffffff ? 4 : id + 4;
    return new Promise((resolve, reject) => {
      this.#channel.send(kind, id, payload);
      // Read at once, not in a later task: frames for the streams that the answer makes may follow in the same bytes.
      const answer = (reader: WireReader) => {
        try {
          resolve(read(reader, id));
        } catch (error) {
          // Out of the table already: this promise would never settle when the channel ends for it.
          reject(channelError(String(error)));
          throw error;
        }
      };
      this.#requests.set(id, { resolve: answer, reject });
    });
  }

  /** What cannot be said on the wire fails as what it is, an invalid argument. */
  async #encoded<T>(operation: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      throw new GuestError({ errno: "EINVAL", stage: "channel", operation, text: error.message });
    }
  }

  #tell(kind: HostFrame, id: number, payload: Uint8Array = NOTHING): void {
    if (this.#failure === undefined) this.#channel.send(kind, id, payload);
  }

  #onFrame(kind: number, id: number, reader: WireReader): void {
    switch (kind) {
      case guestFrames.ready:
      case guestFrames.ack:
        return;
      case guestFrames.result:
        this.#take(id)?.resolve(reader);
        return;
      case guestFrames.error: {
        // Read before its request is taken: a bad frame ends the channel, and with it every request that is left.
        const error = readError(reader);
        this.#take(id)?.reject(error);
        return;
      }
      case guestFrames.exit:
        this.#onExit(id, reader);
        return;
      case guestFrames.accepted:
        this.#onAccepted(id, reader.u32());
        return;
      case guestFrames.call:
        this.#onCall(id, reader);
        return;
      case guestFrames.callSignal:
        this.#onCallSignal(id, reader.u32());
        return;
      case guestFrames.guestData:
        this.#streams.get(id)?.onData(reader.rest());
        return;
      case guestFrames.guestEnd:
        this.#streams.get(id)?.onEnd();
        return;
      case guestFrames.guestCredit:
        this.#streams.get(id)?.onCredit(reader.u32());
        return;
      case guestFrames.guestReset:
        this.#streams.get(id)?.onReset(reader.u16());
        return;
      default:
        throw new WireError(`frame of kind ${kind}`);
    }
  }

  /** An answer nobody waits for is one of before a restore. */
  #take(id: number): Request | undefined {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    return request;
  }

  #lose(reason: string): void {
    if (this.#failure !== undefined) return;
    const error = channelError(reason);
    this.#failure = error;
    for (const { reject } of this.#requests.values()) reject(error);
    for (const stream of this.#streams.values()) stream.fail(error);
    for (const { lost } of this.#processes.values()) lost(error);
    for (const { controller } of this.#listeners.values()) controller.error(error);
    for (const call of this.#calls.values()) call.gone();
    this.#callsTo?.error(error);
    this.#reportLost(error);
  }

  // ------------------------------------------------------------ streams

  readonly #streamPort: StreamPort = {
    data: (id, bytes) => this.#tell("data", id, bytes),
    end: (id) => this.#tell("end", id),
    credit: (id, bytes) => this.#tell("credit", id, new WireWriter().u32(bytes).bytes()),
    reset: (id) => this.#tell("reset", id),
    gone: (id) => void this.#streams.delete(id),
  };

  #open(id: number, options: StreamOptions): AgentStream {
    const stream = new AgentStream(this.#streamPort, id, options);
    this.#streams.set(id, stream);
    return stream;
  }

  #duplex(id: number): ByteDuplex {
    const stream = this.#open(id, { read: {}, write: {} });
    return { readable: readableOf(stream), writable: writableOf(stream) };
  }

  // ------------------------------------------------------------ processes

  #newProcess(
    id: number,
    pid: number,
    stdio: Stdio | { readonly kind: Stdio["kind"] },
    open: (id: number, options: StreamOptions) => AgentStream | undefined,
  ): ProcessEntry {
    const terminal = stdio.kind === "terminal" ? open(id + 1, { read: {}, write: {} }) : undefined;
    const pipes = stdio.kind === "pipes";
    const reads = pipes && (!("stdin" in stdio) || stdio.stdin);
    let exited: (status: ExitStatus) => void = () => {};
    let lost: (error: GuestError) => void = () => {};
    const exit = new Promise<ExitStatus>((resolve, reject) => {
      exited = resolve;
      lost = reject;
    });
    // Whoever is interested awaits it; the loss of the machine is told elsewhere, too.
    exit.catch(() => {});
    const process: GuestProcess = {
      pid,
      stdin: terminal?.writable ?? (reads ? open(id + 1, { write: {} })?.writable : undefined),
      stdout: terminal?.readable ?? (pipes ? open(id + 2, { read: {} })?.readable : undefined),
      stderr: pipes ? open(id + 3, { read: {} })?.readable : undefined,
      exit,
      resize: (rows, columns) =>
        this.#request("resize", new WireWriter().u32(id).u16(rows).u16(columns).bytes(), () => undefined),
    };
    const entry = { process, stdio: stdio.kind, exited, lost };
    this.#processes.set(id, entry);
    return entry;
  }

  #onExit(id: number, reader: WireReader): void {
    const entry = this.#processes.get(id);
    this.#processes.delete(id);
    const code = reader.u32();
    const signal = reader.u32();
    entry?.exited(signal === 0 ? { code } : { code, signal });
  }

  #adoptState(state: AgentState): void {
    const known = new Map(state.streams.map((stream) => [stream.id, stream]));
    const open = (id: number) => {
      const of = known.get(id);
      known.delete(id);
      if (of === undefined) return undefined;
      const stream = AgentStream.fromState(this.#streamPort, of);
      this.#streams.set(id, stream);
      return stream;
    };
    for (const { id, pid, stdio } of state.processes) {
      const { process } = this.#newProcess(id, pid, { kind: stdio }, open);
      this.#adopted.set(pid, process);
    }
    for (const id of known.keys()) this.#tell("reset", id);
    for (const id of state.abandoned) {
      const call = (id & 0x80000000) !== 0;
      const payload = new WireWriter().u32(id).u32(RESTORED_EXIT_CODE).bytes();
      void this.#request(call ? "callExit" : "closeListener", payload, () => undefined).catch(() => {});
    }
  }

  // ------------------------------------------------------------ sockets and calls

  #newListener(id: number): Listener {
    let closed = false;
    const close = async () => {
      if (closed) return;
      closed = true;
      this.#listeners.get(id)?.controller.close();
      this.#listeners.delete(id);
      await this.#request("closeListener", new WireWriter().u32(id).bytes(), () => undefined);
    };
    const connections = new ReadableStream<ByteDuplex>({
      start: (controller) => void this.#listeners.set(id, { controller }),
      cancel: async () => {
        closed = true;
        this.#listeners.delete(id);
        await this.#request("closeListener", new WireWriter().u32(id).bytes(), () => undefined);
      },
    });
    return { connections, close };
  }

  #onAccepted(id: number, stream: number): void {
    const listener = this.#listeners.get(id);
    // Closed meanwhile, or of before a restore.
    if (listener === undefined) this.#tell("reset", stream);
    else listener.controller.enqueue(this.#duplex(stream));
  }

  #datagramSocket(
    id: number,
    readable: ReadableStream<Uint8Array>,
    writable: WritableStream<Uint8Array>,
  ): DatagramSocket {
    const decode = new TransformStream<Uint8Array, Datagram>({
      transform: (bytes, controller) => controller.enqueue(readDatagram(bytes)),
    });
    const encode = new TransformStream<Datagram, Uint8Array>({
      transform: (datagram, controller) => controller.enqueue(writeDatagram(datagram)),
    });
    // Both end with the socket; that is no error.
    readable.pipeTo(decode.writable).catch(() => {});
    encode.readable.pipeTo(writable).catch(() => {});
    const close = async () => {
      const stream = this.#streams.get(id);
      this.#streams.delete(id);
      if (stream === undefined) return;
      this.#tell("reset", id);
      stream.onReset(0);
    };
    return { readable: decode.readable, writable: encode.writable, close };
  }

  readonly #callPort: CallPort = {
    setRaw: (id, on) => this.#request("callSetRaw", new WireWriter().u32(id).u8(Number(on)).bytes(), () => undefined),
    size: (id) =>
      this.#request("callSize", new WireWriter().u32(id).bytes(), (reader) => {
        const rows = reader.u16();
        return { rows, columns: reader.u16() };
      }),
    exit: (id, code) => {
      this.#calls.delete(id);
      return this.#request("callExit", new WireWriter().u32(id).u32(code).bytes(), () => undefined);
    },
  };

  #onCall(id: number, reader: WireReader): void {
    const call = GuestCall.read(reader, id, this.#callPort, (stream, options) => this.#open(stream, options));
    this.#calls.set(id, call);
    this.#callsTo?.enqueue(call);
  }

  #onCallSignal(id: number, signal: number): void {
    const call = this.#calls.get(id);
    if (signal !== 0) {
      call?.signal(signal);
      return;
    }
    this.#calls.delete(id);
    for (const stream of [id + 1, id + 2, id + 3]) {
      this.#streams.get(stream)?.fail(new GuestError({ errno: "EPIPE", stage: "socket", operation: "call" }));
      this.#streams.delete(stream);
    }
    call?.gone();
  }
}

const RESTORED_EXIT_CODE = 1;

function contextWriter(context: BatchContext): WireWriter {
  return new WireWriter().u32(context.pid ?? 0).string(context.root ?? "");
}

function readError(reader: WireReader): GuestError {
  const errno = reader.u16();
  const stage = stages[reader.u8()] ?? "channel";
  const index = reader.u16();
  const operation = reader.string();
  const path = reader.string();
  const text = reader.string();
  return new GuestError({
    errno: errnoName(errno),
    stage,
    operation,
    text: text === "" ? errnoText(errno) : text,
    ...(path === "" ? {} : { path }),
    ...(index === 0xffff ? {} : { index }),
  });
}

function channelError(text: string): GuestError {
  return new GuestError({ errno: "EPROTO", stage: "channel", operation: "agent", text });
}

function readableOf(stream: AgentStream): ReadableStream<Uint8Array> {
  if (stream.readable === undefined) throw new WireError("not a stream to read");
  return stream.readable;
}

function writableOf(stream: AgentStream): WritableStream<Uint8Array> {
  if (stream.writable === undefined) throw new WireError("not a stream to write");
  return stream.writable;
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
