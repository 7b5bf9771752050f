/** The Worker's side of the bridge: a host's methods as a {@link WorkerService} over comlink. */
import * as Comlink from "comlink";
import {
  type Outcome,
  PortSender,
  portReadable,
  protocolVersion,
  type StartFrom,
  type StartProgress,
  toWireError,
  type WorkerService,
} from "../protocol/index.ts";
import { ApiBridge, sendDuplex, sendStream } from "./api-bridge.ts";
import { feedEvents } from "./event-feed.ts";
import type { DrydockHost, HostStartFrom, HostTerminal } from "./host.ts";
import { servePreview } from "./preview-server.ts";

async function outcome<T>(work: () => Promise<T> | T): Promise<Outcome<T>> {
  try {
    const value = await work();
    const answer = { ok: true as const, value };
    const ports = portsOf(value);
    return ports.length === 0 ? answer : Comlink.transfer(answer, ports);
  } catch (error) {
    return { ok: false, error: toWireError(error) };
  }
}

/** Ports stand at most two levels deep in an answer: `{readable, writable}`, or a response's `body`. */
function portsOf(value: unknown): MessagePort[] {
  if (value instanceof MessagePort) return [value];
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return [];
  const { body, readable, writable } = value as Readonly<Record<string, unknown>>;
  const candidates = [readable, writable];
  if (typeof body === "object" && body !== null) candidates.push(...Object.values(body));
  return candidates.filter((port): port is MessagePort => port instanceof MessagePort);
}

function offered<T>(part: T | undefined, what: string): T {
  if (part !== undefined) return part;
  throw { kind: "notImplemented", message: `This machine does not offer ${what}.` };
}

function hostStart(from: StartFrom): HostStartFrom {
  return from.kind === "file" ? { kind: "file", content: portReadable<Uint8Array>(from.content) } : from;
}

class Terminals {
  readonly #open = new Map<number, HostTerminal>();
  #next = 1;

  add(terminal: HostTerminal): number {
    const id = this.#next++;
    this.#open.set(id, terminal);
    return id;
  }
  get(id: number): HostTerminal | undefined {
    return this.#open.get(id);
  }
  async exit(id: number): Promise<number> {
    const terminal = this.#open.get(id);
    if (terminal === undefined) throw { kind: "notFound", message: `no terminal ${id}` };
    try {
      return await terminal.exit;
    } finally {
      this.#open.delete(id);
    }
  }
}

export function serviceOf(host: DrydockHost): WorkerService {
  const api = new ApiBridge(host.api);
  const terminals = new Terminals();
  const checkpoints = () => offered(host.checkpoints, "checkpoints");
  return {
    version: () => protocolVersion,
    ping: () => true,
    start: (port, { playground, from, engineAtOnce }) => {
      const progress = new PortSender<StartProgress>(port);
      return outcome(async () => ({
        ...(await host.start({
          playground,
          ...(from === undefined ? {} : { from: hostStart(from) }),
          ...(engineAtOnce === undefined ? {} : { engineAtOnce }),
          onProgress: (stage, loadedBytes, totalBytes) => progress.send({ stage, loadedBytes, totalBytes }),
        })),
        usedFiles: performance.getEntriesByType("resource").map(({ name }) => name),
      })).finally(() => progress.end());
    },
    stop: () => outcome(() => host.stop()),
    notices: () => outcome(() => sendStream(host.notices)),
    request: (request) => outcome(() => api.request(request)),
    cancel: (id) => api.cancel(id),
    events: () =>
      outcome(async () => {
        const { port1, port2 } = new MessageChannel();
        await feedEvents(host.api, port1);
        return port2;
      }),
    openTerminal: (options) =>
      outcome(async () => {
        const terminal = await host.openTerminal(options);
        return { id: terminals.add(terminal), ...sendDuplex(terminal) };
      }),
    resizeTerminal: (id, rows, columns) => terminals.get(id)?.resize(rows, columns),
    terminalExit: (id) => outcome(() => terminals.exit(id)),
    closeTerminal: (id) => terminals.get(id)?.close(),
    runDocker: (args) => outcome(() => host.runDocker(args)),
    listFiles: (path) => outcome(() => host.files.list(path)),
    readFile: (path) => outcome(async () => sendStream(await host.files.read(path))),
    writeFile: (path, content, mode) => outcome(() => host.files.write(path, portReadable<Uint8Array>(content), mode)),
    makeDirectory: (path) => outcome(() => host.files.makeDirectory(path)),
    renameFile: (from, to) => outcome(() => host.files.rename(from, to)),
    removeFile: (path) => outcome(() => host.files.remove(path)),
    watchFiles: () => outcome(() => sendStream(host.files.watch())),
    openPort: (address, port) => outcome(async () => sendDuplex(await host.openPort(address, port))),
    servePreview: (channel, address, port) => servePreview(channel, () => host.openPort(address, port)),
    inspect: (container) => outcome(() => offered(host.inspect, "what is under the hood").call(host, container)),
    watchStep: (step) => outcome(async () => sendStream(await offered(host.lessons, "lessons").watch(step))),
    playLesson: (lesson, place) => outcome(() => offered(host.lessons, "lessons").play(lesson, place)),
    exportPlayground: (name) => outcome(async () => sendStream(await host.exportPlayground(name))),
    checkpoints: () => outcome(() => checkpoints().list()),
    storedCheckpoints: (playground) => outcome(() => checkpoints().stored(playground)),
    takeCheckpoint: (options) => outcome(() => checkpoints().take(options)),
    rewind: (id) => outcome(() => checkpoints().rewind(id)),
    forgetCheckpoint: (id) => outcome(() => checkpoints().forget(id)),
    exportCheckpoint: (id) => outcome(async () => sendStream(await checkpoints().export(id))),
    watchCheckpoints: () => outcome(() => sendStream(checkpoints().watch())),
    browse: (place, path) => outcome(() => offered(host.browser, "files of containers").list(place, path)),
    browseRead: (place, path) =>
      outcome(async () => sendStream(await offered(host.browser, "files of containers").read(place, path))),
    browseWrite: (place, path, content) =>
      outcome(() => offered(host.browser, "files of containers").write(place, path, portReadable<Uint8Array>(content))),
    imageLayers: (reference) => outcome(() => offered(host.layers, "files of layers").list(reference)),
    layerFile: (reference, layer, path) =>
      outcome(async () => sendStream(await offered(host.layers, "files of layers").read(reference, layer, path))),
  };
}

/** Binds the host to the page. `endpoint` is the Worker's own scope unless a test passes a port. */
export function exposeRpc(host: DrydockHost, endpoint?: Comlink.Endpoint): void {
  Comlink.expose(serviceOf(host), endpoint);
}
