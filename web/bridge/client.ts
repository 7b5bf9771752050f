/**
 * The page's end of the bridge: the Worker's service with outcomes unwrapped, ports as streams, and one rule for a Worker
 * that is gone: everything pending rejects, every stream fails, with kind `workerLost`.
 */
import * as Comlink from "comlink";
import {
  BridgeError,
  type BrowsePlace,
  byteWindow,
  type CheckpointInfo,
  type CheckpointOptions,
  type DockerRun,
  type FileChange,
  type FileEntry,
  type HoodReport,
  type HostNotice,
  type LayerContents,
  type LessonReport,
  type NumberedEvent,
  type Outcome,
  portReadable,
  portWritable,
  protocolVersion,
  type StartOptions,
  type StartProgress,
  type StartReport,
  type TerminalOptions,
  unwrap,
  valueWindow,
  type WireRequest,
  type WorkerService,
} from "../../worker/protocol/index.ts";
import { Heartbeat } from "./heartbeat.ts";

export interface Duplex {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

export interface BridgeTerminal extends Duplex {
  resize(rows: number, columns: number): void;
  readonly exit: Promise<number>;
  close(): void;
}

export type BridgeBody =
  | { readonly kind: "empty" }
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "jsonLines"; readonly values: ReadableStream<unknown> }
  | { readonly kind: "stream"; readonly stream: ReadableStream<Uint8Array> }
  | { readonly kind: "upgrade"; readonly stream: Duplex };

export interface BridgeResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: BridgeBody;
}

export interface BridgeRequest {
  readonly method: WireRequest["method"];
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly stream?: ReadableStream<Uint8Array>;
  readonly signal?: AbortSignal;
}

export class Bridge {
  readonly #worker: Worker;
  readonly #service: Comlink.Remote<WorkerService>;
  readonly #heartbeat: Heartbeat;
  readonly #lost = new AbortController();
  readonly #whenLost: Promise<never>;
  #nextRequest = 1;
  /** Whether the Worker is late with an answer. */
  onBusy: ((busy: boolean) => void) | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    this.#service = Comlink.wrap<WorkerService>(worker);
    this.#whenLost = new Promise((_, reject) => {
      this.#lost.signal.addEventListener("abort", () => reject(this.#lost.signal.reason), { once: true });
    });
    this.#whenLost.catch(() => {});
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.lose(event.message || "The machine's program could not be loaded.");
    });
    this.#heartbeat = new Heartbeat({
      ping: () => this.#service.ping(),
      onBusy: (busy) => this.onBusy?.(busy),
      onLost: (ms) => this.lose(`The machine has not answered for ${Math.round(ms / 1000)} seconds.`),
    });
  }

  /** Aborted with a BridgeError of kind `workerLost` when the Worker is gone. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  lose(message: string): void {
    if (this.#lost.signal.aborted) return;
    this.#heartbeat.stop();
    this.#worker.terminate();
    this.#lost.abort(new BridgeError({ kind: "workerLost", message }));
  }

  async #call<T>(work: Promise<Outcome<T>>): Promise<T> {
    return unwrap(await Promise.race([work, this.#whenLost]));
  }

  #read<T>(port: MessagePort, window = valueWindow): ReadableStream<T> {
    return portReadable<T>(port, { signal: this.lost, window });
  }

  #bytes(port: MessagePort): ReadableStream<Uint8Array> {
    return this.#read<Uint8Array>(port, byteWindow);
  }

  #duplex(ports: { readonly readable: MessagePort; readonly writable: MessagePort }): Duplex {
    return {
      readable: this.#bytes(ports.readable),
      writable: portWritable<Uint8Array>(ports.writable, { signal: this.lost }),
    };
  }

  async start(
    options: StartOptions & {
      onProgress(progress: StartProgress): void;
      /** What the person should know, from now to the machine's end. */
      onNotice(text: string): void;
    },
  ): Promise<StartReport> {
    const { onProgress, onNotice, ...rest } = options;
    const version = await Promise.race([this.#service.version(), this.#whenLost]);
    if (version !== protocolVersion)
      throw new BridgeError({
        kind: "download",
        message: "The page and its machine are of different versions. Reload the page.",
      });
    this.#heartbeat.start();
    const { port1, port2 } = new MessageChannel();
    void this.#read<StartProgress>(port1)
      .pipeTo(new WritableStream({ write: onProgress }))
      .catch(() => {});
    void this.#follow(onNotice);
    return await this.#call(this.#service.start(Comlink.transfer(port2, [port2]), rest));
  }

  async #follow(onNotice: (text: string) => void): Promise<void> {
    const notices = this.#read<HostNotice>(await this.#call(this.#service.notices()));
    const show = ({ kind, text }: HostNotice): void => (kind === "lost" ? this.lose(text) : onNotice(text));
    await notices.pipeTo(new WritableStream({ write: show })).catch(() => {});
  }

  /** Shuts the machine down, and ends its Worker. */
  async stop(): Promise<void> {
    await this.#call(this.#service.stop());
    this.lose("The machine was shut down.");
  }

  async request(request: BridgeRequest): Promise<BridgeResponse> {
    const { signal, stream, json, ...rest } = request;
    signal?.throwIfAborted();
    const id = this.#nextRequest++;
    const cancel = (): void => void this.#service.cancel(id);
    signal?.addEventListener("abort", cancel, { once: true });
    let wire: WireRequest = { ...rest, id };
    const ports: MessagePort[] = [];
    if (stream !== undefined) {
      const { port1, port2 } = new MessageChannel();
      stream.pipeTo(portWritable<Uint8Array>(port1, { signal: this.lost })).catch(() => {});
      ports.push(port2);
      wire = { ...wire, body: { kind: "stream", port: port2 } };
    } else if (json !== undefined) wire = { ...wire, body: { kind: "json", value: json } };
    const { status, headers, body } = await this.#call(this.#service.request(Comlink.transfer(wire, ports)));
    switch (body.kind) {
      case "empty":
      case "json":
      case "text":
        return { status, headers, body };
      case "jsonLines":
        return { status, headers, body: { kind: "jsonLines", values: this.#read(body.port) } };
      case "stream":
        return { status, headers, body: { kind: "stream", stream: this.#bytes(body.port) } };
      case "upgrade":
        return { status, headers, body: { kind: "upgrade", stream: this.#duplex(body) } };
    }
  }

  async events(): Promise<ReadableStream<NumberedEvent>> {
    return this.#read(await this.#call(this.#service.events()));
  }

  async openTerminal(options: TerminalOptions): Promise<BridgeTerminal> {
    const wire = await this.#call(this.#service.openTerminal(options));
    return {
      ...this.#duplex(wire),
      resize: (rows, columns) => void this.#service.resizeTerminal(wire.id, rows, columns),
      exit: this.#call(this.#service.terminalExit(wire.id)),
      close: () => void this.#service.closeTerminal(wire.id),
    };
  }

  runDocker(args: readonly string[]): Promise<DockerRun> {
    return this.#call(this.#service.runDocker(args));
  }

  listFiles(path: string): Promise<readonly FileEntry[]> {
    return this.#call(this.#service.listFiles(path));
  }
  async readFile(path: string): Promise<Uint8Array> {
    return await collect(this.#bytes(await this.#call(this.#service.readFile(path))));
  }
  writeFile(path: string, content: ReadableStream<Uint8Array> | Uint8Array, mode?: number): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    const stream = content instanceof Uint8Array ? streamOf(content) : content;
    stream.pipeTo(portWritable<Uint8Array>(port1, { signal: this.lost })).catch(() => {});
    return this.#call(this.#service.writeFile(path, Comlink.transfer(port2, [port2]), mode));
  }
  makeDirectory(path: string): Promise<void> {
    return this.#call(this.#service.makeDirectory(path));
  }
  renameFile(from: string, to: string): Promise<void> {
    return this.#call(this.#service.renameFile(from, to));
  }
  removeFile(path: string): Promise<void> {
    return this.#call(this.#service.removeFile(path));
  }
  async watchFiles(): Promise<ReadableStream<FileChange>> {
    return this.#read(await this.#call(this.#service.watchFiles()));
  }

  async openPort(address: string, port: number): Promise<Duplex> {
    return this.#duplex(await this.#call(this.#service.openPort(address, port)));
  }
  /** The far end of the channel may open connections to this one port, and nothing else. */
  servePreview(address: string, port: number): MessagePort {
    const { port1, port2 } = new MessageChannel();
    void this.#service.servePreview(Comlink.transfer(port1, [port1]), address, port);
    return port2;
  }
  async watchStep(step: unknown): Promise<ReadableStream<LessonReport>> {
    return this.#read(await this.#call(this.#service.watchStep(step)));
  }
  playLesson(lesson: unknown, place: { readonly step: number; readonly fromNothing: boolean }): Promise<void> {
    return this.#call(this.#service.playLesson(lesson, place));
  }
  /** The playground as one file, under this name; the machine goes on. */
  async exportPlayground(name: string): Promise<ReadableStream<Uint8Array>> {
    return this.#bytes(await this.#call(this.#service.exportPlayground(name)));
  }
  checkpoints(): Promise<readonly CheckpointInfo[]> {
    return this.#call(this.#service.checkpoints());
  }
  takeCheckpoint(options: CheckpointOptions): Promise<CheckpointInfo> {
    return this.#call(this.#service.takeCheckpoint(options));
  }
  rewind(id: string): Promise<CheckpointInfo> {
    return this.#call(this.#service.rewind(id));
  }
  forgetCheckpoint(id: string): Promise<void> {
    return this.#call(this.#service.forgetCheckpoint(id));
  }
  browse(place: BrowsePlace, path: string): Promise<readonly FileEntry[]> {
    return this.#call(this.#service.browse(place, path));
  }
  async browseRead(place: BrowsePlace, path: string): Promise<Uint8Array> {
    return await collect(this.#bytes(await this.#call(this.#service.browseRead(place, path))));
  }
  browseWrite(place: BrowsePlace, path: string, content: ReadableStream<Uint8Array>): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    content.pipeTo(portWritable<Uint8Array>(port1, { signal: this.lost })).catch(() => {});
    return this.#call(this.#service.browseWrite(place, path, Comlink.transfer(port2, [port2])));
  }
  imageLayers(reference: string): Promise<readonly LayerContents[]> {
    return this.#call(this.#service.imageLayers(reference));
  }
  async layerFile(reference: string, layer: number, path: string): Promise<Uint8Array> {
    return await collect(this.#bytes(await this.#call(this.#service.layerFile(reference, layer, path))));
  }
  inspect(container: string): Promise<HoodReport> {
    return this.#call(this.#service.inspect(container));
  }
}

async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}
