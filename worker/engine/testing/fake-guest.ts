import type {
  BatchContext,
  ByteDuplex,
  CommandCall,
  Datagram,
  DatagramSocket,
  Errno,
  ExitStatus,
  Guest,
  GuestProcess,
  Listener,
  Op,
  OpResult,
  ProcessSpec,
  SocketAddress,
  WatchedKind,
  WatchSpec,
} from "../ports/guest.ts";
import { GuestError } from "../ports/guest.ts";
import { FakeFiles, failure, normal } from "./fake-files.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * A guest without a kernel, for unit tests of the engine's domains. It keeps files in memory ({@link FakeFiles}), records
 * every operation and process, and lets a test play the kernel: fail an operation, answer one, say what a process does.
 *
 * A process "runs" until its test calls {@link FakeProcess.end}, `onSpawn` does, or a `kill` with SIGKILL or SIGTERM reaches it.
 */
export class FakeGuest implements Guest {
  readonly files = new FakeFiles();
  readonly batches: { readonly ops: readonly Op[]; readonly context: BatchContext | undefined }[] = [];
  readonly processes: FakeProcess[] = [];
  readonly listeners: FakeListener[] = [];
  readonly connections: { readonly address: SocketAddress; readonly namespace: string | undefined }[] = [];
  /** Called for each process once it "executes"; the place to write output and end it. Throw a {@link GuestError} to fail the spawn. */
  onSpawn: (process: FakeProcess) => void | Promise<void> = () => {};
  /** Answers for operations that the file tree does not know, such as `netlink`; a value other than `undefined` is the result. */
  onOp: (op: Op) => OpResult = () => undefined;
  /** The far end of a connection; by default nobody listens. */
  onConnect: (address: SocketAddress, namespace: string | undefined) => ByteDuplex = (address) => {
    const path = address.kind === "unix" ? address.path : `${address.host}:${address.port}`;
    throw new GuestError({ errno: "ECONNREFUSED", stage: "socket", operation: "connect", path });
  };
  readonly #failures: { readonly matches: (op: Op) => boolean; readonly errno: Errno; times: number }[] = [];
  readonly #commands = new TransformStream<CommandCall, CommandCall>(undefined, { highWaterMark: 64 });
  #nextPid = 100;

  /** All operations run so far: of batches, and of processes' `prepare` and `setup`. */
  readonly ops: Op[] = [];

  get commands(): ReadableStream<CommandCall> {
    return this.#commands.readable;
  }

  get spawns(): readonly ProcessSpec[] {
    return this.processes.map((process) => process.spec);
  }

  /** Nothing changes by itself here. */
  async watch(_: WatchSpec): Promise<ReadableStream<ReadonlySet<WatchedKind>>> {
    return new ReadableStream();
  }

  /** Operations of one kind, in order. */
  opsOf<K extends Op["op"]>(kind: K): readonly Extract<Op, { op: K }>[] {
    return this.ops.filter((op): op is Extract<Op, { op: K }> => op.op === kind);
  }

  /** Makes the next `times` operations that match fail with `errno`. */
  failOp(matches: (op: Op) => boolean, errno: Errno, times = 1): void {
    this.#failures.push({ matches, errno, times });
  }

  async batch(ops: readonly Op[], context?: BatchContext): Promise<readonly OpResult[]> {
    this.batches.push({ ops, context });
    return this.#run(ops, this.#rootOf(context));
  }

  async spawn(spec: ProcessSpec): Promise<GuestProcess> {
    this.#staged("prepare", () => this.#run(spec.prepare ?? [], ""));
    const root = spec.setup?.findLast((op) => op.op === "pivotRoot")?.path ?? "";
    this.#staged("setup", () => this.#run(spec.setup ?? [], ""));
    const process = new FakeProcess(this.#nextPid++, spec, root);
    this.processes.push(process);
    try {
      await this.onSpawn(process);
    } catch (error) {
      this.processes.splice(this.processes.indexOf(process), 1);
      throw error;
    }
    return process;
  }

  readFile(path: string, context?: BatchContext, offset = 0): ReadableStream<Uint8Array> {
    return new ReadableStream({
      start: (controller) => {
        const limit = Number.MAX_SAFE_INTEGER;
        const [data] = this.#run([{ op: "read", path, offset, limit }], this.#rootOf(context));
        if (data instanceof Uint8Array && data.length > 0) controller.enqueue(data);
        controller.close();
      },
    });
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
    const { context, ...owner } = options;
    const root = this.#rootOf(context);
    return new WritableStream({
      start: () => void this.#run([{ op: "write", path, data: "", ...owner }], root),
      write: (data) => void this.#run([{ op: "write", path, data, append: true }], root),
    });
  }

  async connect(address: SocketAddress, namespace?: string): Promise<ByteDuplex> {
    this.connections.push({ address, namespace });
    return this.onConnect(address, namespace);
  }

  async listen(address: SocketAddress, options: { readonly namespace?: string } = {}): Promise<Listener> {
    const listener = new FakeListener(address, options.namespace);
    this.listeners.push(listener);
    return listener;
  }

  async openDatagram(): Promise<DatagramSocket> {
    const pipe = new TransformStream<Datagram, Datagram>();
    return { readable: pipe.readable, writable: pipe.writable, close: async () => {} };
  }

  /** Plays a program in the guest that runs `docker …`; collects what it is told. */
  async call(
    args: readonly string[],
    options: {
      readonly env?: Record<string, string>;
      readonly cwd?: string;
      readonly stdin?: string;
      readonly uid?: number;
    } = {},
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    const output = { stdout: "", stderr: "" };
    const sink = (name: "stdout" | "stderr") =>
      new WritableStream<Uint8Array>({
        write: (data) => {
          output[name] += decoder.decode(data);
        },
      });
    const code = await new Promise<number>((exited, failed) => {
      const writer = this.#commands.writable.getWriter();
      writer
        .write({
          program: "docker",
          args,
          env: options.env ?? {},
          cwd: options.cwd ?? "/",
          pid: this.#nextPid++,
          uid: options.uid ?? 0,
          gid: options.uid ?? 0,
          stdin: source(options.stdin ?? ""),
          stdout: sink("stdout"),
          stderr: sink("stderr"),
          terminal: { stdin: false, stdout: false, stderr: false },
          size: { rows: 0, columns: 0 },
          signals: new ReadableStream(),
          setRaw: async () => {},
          currentSize: async () => ({ rows: 0, columns: 0 }),
          exit: async (status) => exited(status),
        })
        .catch(failed);
      writer.releaseLock();
    });
    return { code, ...output };
  }

  #run(ops: readonly Op[], root: string): readonly OpResult[] {
    const resolve = (path: string) => normal(`${root}/${path}`);
    return ops.map((op, index) => {
      this.ops.push(op);
      try {
        this.#failIfTold(op);
        if (op.op === "kill") this.#kill(op);
        return this.files.run(op, resolve) ?? this.onOp(op);
      } catch (error) {
        if (!(error instanceof GuestError)) throw error;
        if (op.ignore?.includes("*") || op.ignore?.includes(error.errno)) return undefined;
        throw failure(op, error.errno, error.path ?? "", index);
      }
    });
  }

  #failIfTold(op: Op): void {
    const told = this.#failures.find(({ matches, times }) => times > 0 && matches(op));
    if (told === undefined) return;
    told.times--;
    const path = "path" in op ? op.path : "target" in op ? op.target : "";
    throw failure(op, told.errno, path);
  }

  #kill(op: Extract<Op, { op: "kill" }>): void {
    const process = this.processes.find(({ pid, running }) => pid === Math.abs(op.pid) && running);
    if (process === undefined) {
      throw new GuestError({ errno: "ESRCH", stage: "batch", operation: "kill", path: String(op.pid) });
    }
    process.signal(op.signal);
  }

  #staged(stage: "prepare" | "setup", run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof GuestError)) throw error;
      const { errno, operation, path, index } = error;
      throw new GuestError({
        errno,
        stage,
        operation,
        ...(path === undefined ? {} : { path }),
        ...(index === undefined ? {} : { index }),
      });
    }
  }

  #rootOf(context: BatchContext | undefined): string {
    const process = context?.pid === undefined ? undefined : this.processes.find(({ pid }) => pid === context.pid);
    if (context?.pid !== undefined && context.pid !== 1 && process?.running !== true) {
      throw new GuestError({ errno: "ESRCH", stage: "batch", operation: "setns", path: String(context.pid) });
    }
    return `${process?.root ?? ""}${context?.root ?? ""}`;
  }
}

/** A process whose test is its program. */
export class FakeProcess implements GuestProcess {
  readonly pid: number;
  readonly spec: ProcessSpec;
  /** Where its `setup` moved its root, "" for the machine's. */
  readonly root: string;
  readonly stdin: WritableStream<Uint8Array> | undefined;
  readonly stdout: ReadableStream<Uint8Array> | undefined;
  readonly stderr: ReadableStream<Uint8Array> | undefined;
  readonly exit: Promise<ExitStatus>;
  /** What was written to standard input so far. */
  input = "";
  inputClosed = false;
  readonly signals: number[] = [];
  readonly sizes: { readonly rows: number; readonly columns: number }[] = [];
  running = true;
  /** What a signal does; by default SIGKILL and SIGTERM end the process. */
  onSignal: (signal: number) => void = (signal) => {
    if (signal === 9 || signal === 15) this.end(128 + signal, signal);
  };
  readonly #out: ReadableStreamDefaultController<Uint8Array>[] = [];
  #settle: (status: ExitStatus) => void = () => {};

  constructor(pid: number, spec: ProcessSpec, root: string) {
    this.pid = pid;
    this.spec = spec;
    this.root = root;
    this.exit = new Promise((settle) => {
      this.#settle = settle;
    });
    const { stdio } = spec;
    const output = () => new ReadableStream<Uint8Array>({ start: (controller) => void this.#out.push(controller) });
    this.stdout = stdio.kind === "null" ? undefined : output();
    this.stderr = stdio.kind === "pipes" ? output() : undefined;
    const reads = stdio.kind === "terminal" || (stdio.kind === "pipes" && stdio.stdin);
    this.stdin = reads
      ? new WritableStream<Uint8Array>({
          write: (data) => {
            this.input += decoder.decode(data);
          },
          close: () => {
            this.inputClosed = true;
          },
        })
      : undefined;
  }

  write(text: string, stream: "stdout" | "stderr" = "stdout"): void {
    this.#out[stream === "stderr" && this.#out.length > 1 ? 1 : 0]?.enqueue(encoder.encode(text));
  }

  /** Ends the process and its output. */
  end(code = 0, signal?: number): void {
    if (!this.running) return;
    this.running = false;
    for (const controller of this.#out) controller.close();
    this.#settle(signal === undefined ? { code } : { code, signal });
  }

  signal(number: number): void {
    this.signals.push(number);
    this.onSignal(number);
  }

  async resize(rows: number, columns: number): Promise<void> {
    this.sizes.push({ rows, columns });
  }
}

export class FakeListener implements Listener {
  readonly address: SocketAddress;
  readonly namespace: string | undefined;
  readonly connections: ReadableStream<ByteDuplex>;
  closed = false;
  #controller: ReadableStreamDefaultController<ByteDuplex> | undefined;

  constructor(address: SocketAddress, namespace: string | undefined) {
    this.address = address;
    this.namespace = namespace;
    this.connections = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
    });
  }

  /** Plays a client in the guest; answers its end of the connection. */
  accept(): ByteDuplex {
    const up = new TransformStream<Uint8Array, Uint8Array>();
    const down = new TransformStream<Uint8Array, Uint8Array>();
    this.#controller?.enqueue({ readable: up.readable, writable: down.writable });
    return { readable: down.readable, writable: up.writable };
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.#controller?.close();
  }
}

function source(text: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => {
      if (text !== "") controller.enqueue(encoder.encode(text));
      controller.close();
    },
  });
}
