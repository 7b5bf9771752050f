/** The Worker of the page: a Drydock from the site's own files, kept in the browser's storage, behind the bridge. */
import type { ApiTransport } from "./api/transport.ts";
import { type Drydock, openDrydock } from "./drydock.ts";
import type { Clock, Fetch } from "./engine/ports/host.ts";
import { hostBrowser } from "./host/browse.ts";
import { hostHood } from "./host/hood.ts";
import { hostFiles, openTerminal, runDockerLine } from "./host/index.ts";
import { hostLayers } from "./host/layers.ts";
import { ChunkedImage, type ChunkManifest } from "./machine/chunked-image.ts";
import type { StartReport, StartStage } from "./protocol/index.ts";
import { exposeRpc } from "./rpc/expose.ts";
import type { DrydockHost, HostFiles } from "./rpc/host.ts";
import { loadBase } from "./storage/disk-base.ts";
import type { ByteFiles } from "./storage/files.ts";
import { MemoryFiles } from "./storage/memory-files.ts";
import { OpfsFiles } from "./storage/opfs-files.ts";
import { fetchedSource } from "./vm/snapshot-parts.ts";

/** The site's root: this script lies in its assets folder. */
const site = new URL("../", self.location.href).href;
const playground = "playgrounds/default";

const clock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

type Failure = { readonly kind: string; readonly message: string };

let drydock: Drydock | undefined;
function running(): Drydock {
  if (drydock === undefined)
    throw { kind: "unavailable", message: "The machine has not started yet." } satisfies Failure;
  return drydock;
}

async function start(onProgress: (stage: StartStage, loaded: number, total: number) => void): Promise<StartReport> {
  if (typeof WebAssembly === "undefined")
    throw {
      kind: "unsupported",
      message:
        "This browser does not run WebAssembly, which the machine is made of. Allow it for this site, or use another browser.",
    } satisfies Failure;
  const notices: string[] = [];
  const progress = countedFetch((loaded, total) => onProgress("machine", loaded, total));
  onProgress("emulator", 0, 0);
  const [storage, userland, base] = await Promise.all([
    openStorage(notices),
    json<ChunkManifest>("userland/manifest.json"),
    bytes("machine/disk.ext4.gz").then((file) => loadBase(file)),
  ]);
  const image = new ChunkedImage(userland, (name) => bytes(`userland/chunks/${name}`));
  image.prefetch();
  drydock = await openDrydock({
    build: fetchedSource(new URL("machine/", site).href, progress),
    userland: image,
    files: storage.files,
    diskBase: base,
    clock,
    randomness: { bytes: (count) => crypto.getRandomValues(new Uint8Array(count)) },
    fetch: browserFetch,
    catalogue: new URL("catalogue", site).href,
    onNotice: (message) => notices.push(message),
    onLost: (message) => {
      // The page's heartbeat notices, says so and offers a restart.
      console.error(message);
      self.close();
    },
  });
  onProgress("wake", 1, 1);
  return {
    origin: drydock.origin,
    memoryBytes: drydock.machine.options.memoryMegabytes << 20,
    durable: storage.durable,
    notices,
  };
}

async function openStorage(notices: string[]): Promise<{ readonly files: ByteFiles; readonly durable: boolean }> {
  try {
    return { files: await OpfsFiles.open(playground), durable: true };
  } catch {
    notices.push("This browser gives the page no storage: nothing is kept after a reload.");
    return { files: new MemoryFiles(), durable: false };
  }
}

async function get(path: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(new URL(path, site));
  } catch {
    throw { kind: "download", message: `${path} could not be downloaded: the connection failed.` } satisfies Failure;
  }
  if (!response.ok)
    throw {
      kind: "download",
      message: `${path} could not be downloaded (HTTP status ${response.status}).`,
    } satisfies Failure;
  return response;
}
const json = async <T>(path: string): Promise<T> => (await (await get(path)).json()) as T;
const bytes = async (path: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await (await get(path)).arrayBuffer());

/** fetch that tells how much of all it was asked for has arrived. */
function countedFetch(tell: (loaded: number, total: number) => void): typeof fetch {
  let [loaded, total] = [0, 0];
  return async (input, init) => {
    const response = await fetch(input, init);
    const path = String(input instanceof Request ? input.url : input);
    // compileStreaming keeps the browser's own compiled code only for a response that nobody has touched.
    if (path.endsWith(".wasm") || response.body === null) return response;
    total += Number(response.headers.get("content-length") ?? 0);
    const counted = response.body.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform(chunk, controller) {
          loaded += chunk.length;
          tell(loaded, total);
          controller.enqueue(chunk);
        },
      }),
    );
    return new Response(counted, { status: response.status, headers: response.headers });
  };
}

const browserFetch: Fetch = (url, init = {}) => fetch(url, init as RequestInit);

const later: ApiTransport = { request: (request) => running().api.request(request) };
let files: HostFiles | undefined;
const workspace = (): HostFiles => {
  files ??= hostFiles(running().workspace);
  return files;
};

const host: DrydockHost = {
  start: ({ onProgress }) => start(onProgress),
  api: later,
  openTerminal: (options) => openTerminal(running(), options),
  runDocker: (args) => runDockerLine(running(), args),
  files: {
    list: (path) => workspace().list(path),
    read: (path) => workspace().read(path),
    write: (path, content) => workspace().write(path, content),
    makeDirectory: (path) => workspace().makeDirectory(path),
    rename: (from, to) => workspace().rename(from, to),
    remove: (path) => workspace().remove(path),
    watch: () => workspace().watch(),
  },
  openPort: (address, port) =>
    running().guest.connect({
      kind: "tcp",
      host: address === "" || address === "0.0.0.0" ? "127.0.0.1" : address,
      port,
    }),
  lessons: {
    // Loaded when the first lesson opens.
    watch: async (step) => (await import("./lessons/host.ts")).watchStep(running(), clock, step),
    play: async (lesson, place) => (await import("./lessons/host.ts")).playLesson(running(), lesson, place),
  },
  inspect: hostHood(running),
  browser: hostBrowser(running),
  layers: hostLayers(running),
};

exposeRpc(host);
