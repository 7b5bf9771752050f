/**
 * The Worker of the page: a Drydock from the site's own files, kept in the browser's storage, behind the bridge. Terminals need the machine
 * alone; what needs the engine waits for it, and its code is loaded when it is first used.
 */
import { makeRoom } from "./disk-failures.ts";
import { openMachine } from "./drydock.ts";
import type { Drydock, OpenMachine } from "./drydock-model.ts";
import type { Clock, Fetch } from "./engine/ports/host.ts";
import { hostFiles } from "./host/files.ts";
import { ChunkedImage, type ChunkManifest } from "./machine/chunked-image.ts";
import { pageFetch } from "./network/page-fetch.ts";
import type { HostNotice, StartReport } from "./protocol/index.ts";
import { exposeRpc } from "./rpc/expose.ts";
import type { DrydockHost, HostFiles } from "./rpc/host.ts";
import { site } from "./site/site.ts";
import { SiteFiles } from "./site/site-files.ts";
import { Unpacker } from "./site/unpacker.ts";
import { loadBase } from "./storage/disk-base.ts";
import { isFull } from "./storage/opfs-files.ts";
import { openPlaygroundStorage } from "./storage/opfs-playground.ts";
import { readAhead } from "./vm/snapshot-parts.ts";

const clock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

type Failure = { readonly kind: string; readonly message: string };

const storageFull: Failure = {
  kind: "storageFull",
  message: `The browser's storage for this site is full, and the machine has no room to write. ${makeRoom}, or make room on this device; then try again.`,
};

let tell: (notice: HostNotice) => void = () => undefined;
const notices = new ReadableStream<HostNotice>({
  start(controller) {
    tell = (notice) => controller.enqueue(notice);
  },
});

const unpacker = new Unpacker();
const siteFiles = new SiteFiles();
/** Asked for at once, before the page has said which playground it is for. */
const build = readAhead(siteFiles.machine((url) => unpacker.unpack(url)));

const emptyDisk = siteFiles.bytes("machine/disk.ext4.gz");
// Whoever needs it meets its failure.
emptyDisk.catch(() => undefined);

let machine: OpenMachine | undefined;
let engine: Promise<Drydock> | undefined;
/** How long the engine waits for the first terminal: its code takes the thread for a tenth of a second. */
const engineAfterTerminalMs = 30;
const engineAtLastMs = 1000;

function running(): OpenMachine {
  if (machine !== undefined) return machine;
  throw { kind: "unavailable", message: "The machine has not started yet." } satisfies Failure;
}
/** The engine comes a moment after the machine: behind the first terminal's prompt, or when something needs it. */
function withEngine(): Promise<Drydock> {
  engine ??= startEngine(running());
  return engine;
}

function startEngine(opened: OpenMachine): Promise<Drydock> {
  const starting = opened.startEngine();
  starting.catch((error: unknown) =>
    tell({ kind: "lost", text: `The engine did not start: ${error instanceof Error ? error.message : String(error)}` }),
  );
  return starting;
}

async function start({
  playground,
  from,
  engineAtOnce,
  onProgress,
}: Parameters<DrydockHost["start"]>[0]): Promise<StartReport> {
  if (typeof WebAssembly === "undefined")
    throw {
      kind: "unsupported",
      message:
        "This browser does not run WebAssembly, which the machine is made of. Allow it for this site, or use another browser.",
    } satisfies Failure;
  unpacker.onProgress = (loaded, total) => onProgress("machine", loaded, total);
  onProgress("emulator", 0, 0);
  // What cannot be loaded now says so to whoever asks for it.
  if (engineAtOnce === true)
    import("./guest-engine.ts").then(({ loadFirstCommands }) => loadFirstCommands()).catch(() => {});
  const [storage, userland, base] = await Promise.all([
    openStorage(playground),
    siteFiles.json<ChunkManifest>("userland/manifest.json"),
    emptyDisk.then((file) => loadBase(file)),
  ]);
  const image = new ChunkedImage(userland, (name) => siteFiles.bytes(`userland/chunks/${name}`));
  const opened = await openMachine({
    build,
    userland: image,
    files: storage.files,
    diskBase: base,
    clock,
    randomness: { bytes: (count) => crypto.getRandomValues(new Uint8Array(count)) },
    fetch: browserFetch,
    catalogue: new URL("catalogue", site).href,
    surroundings: { kind: "page", fetch: pageFetch(browserFetch, self.location.protocol === "https:") },
    ...(from === undefined ? {} : { from }),
    onNotice: (text) => tell({ kind: "info", text }),
    onLost: (text) => tell({ kind: "lost", text }),
  }).catch((error: unknown) => {
    throw isFull(error) ? storageFull : error;
  });
  machine = opened;
  clock.after(engineAtLastMs, withEngine);
  // A restored machine has what a prompt needs in its memory; one that boots reads it.
  if (opened.origin === "boot") image.prefetch();
  onProgress("wake", 1, 1);
  return {
    origin: opened.origin,
    memoryBytes: opened.machine.options.memoryMegabytes << 20,
    durable: storage.durable,
  };
}

const openStorage = (playground: string) => openPlaygroundStorage(playground, (text) => tell({ kind: "info", text }));

const browserFetch: Fetch = (url, init = {}) => fetch(url, init as RequestInit);

let files: HostFiles | undefined;
const workspace = (): HostFiles => {
  files ??= hostFiles(running().workspace);
  return files;
};

const engineHost = async () => {
  const [host, drydock] = await Promise.all([import("./host/index.ts"), withEngine()]);
  return { host, drydock };
};
const browser = async () => {
  const { host, drydock } = await engineHost();
  return host.hostBrowser(() => drydock);
};
const layers = async () => {
  const { host, drydock } = await engineHost();
  return host.hostLayers(() => drydock);
};

const host: DrydockHost = {
  start,
  exportPlayground: async (name) => {
    const [{ packRunning }, drydock] = await Promise.all([import("./playgrounds/running.ts"), withEngine()]);
    return await packRunning(name, drydock, await emptyDisk);
  },
  stop: async () => (await withEngine()).close(),
  notices,
  api: { request: async (request) => (await withEngine()).api.request(request) },
  openTerminal: async (options) => {
    const terminal = await running().terminals.open(options);
    clock.after(engineAfterTerminalMs, withEngine);
    return terminal;
  },
  runDocker: async (args) => {
    const { host, drydock } = await engineHost();
    return await host.runDockerLine(drydock, args);
  },
  files: {
    list: (path) => workspace().list(path),
    read: (path) => workspace().read(path),
    write: (path, content, mode) => workspace().write(path, content, mode),
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
    watch: async (step) => (await import("./lessons/host.ts")).watchStep(await withEngine(), clock, step),
    play: async (lesson, place) => (await import("./lessons/host.ts")).playLesson(await withEngine(), lesson, place),
  },
  checkpoints: {
    list: async () => (await withEngine()).checkpoints.list(),
    stored: async (playground) => {
      const [{ listStored }, { files }] = await Promise.all([
        import("./checkpoints/stored.ts"),
        openStorage(playground),
      ]);
      return await listStored(files);
    },
    take: async (options) => (await withEngine()).checkpoints.take(options),
    rewind: async (id) => (await withEngine()).checkpoints.rewind(id),
    forget: async (id) => (await withEngine()).checkpoints.forget(id),
    export: async (id) => (await withEngine()).checkpoints.export(id),
    watch: () => {
      let stop = (): void => undefined;
      return new ReadableStream({
        start: async (controller) => {
          const { checkpoints } = await withEngine();
          stop = checkpoints.subscribe((event) => controller.enqueue(event));
        },
        cancel: () => stop(),
      });
    },
  },
  inspect: async (container) => {
    const { host, drydock } = await engineHost();
    return await host.hostHood(() => drydock)(container);
  },
  browser: {
    list: async (place, path) => (await browser()).list(place, path),
    read: async (place, path) => (await browser()).read(place, path),
    write: async (place, path, content) => (await browser()).write(place, path, content),
  },
  layers: {
    list: async (reference) => (await layers()).list(reference),
    read: async (reference, layer, path) => (await layers()).read(reference, layer, path),
  },
};

exposeRpc(host);
