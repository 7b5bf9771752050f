/**
 * The site's service worker: the page and the parts of the machine that were used work without a network. The page's files
 * are kept as one version; the next version waits until the person at the page takes it.
 */
import { KEPT_COPY } from "../../worker/protocol/kept-copy.ts";
import type { ServiceWorkerScope } from "../preview/service-worker-scope.ts";
import { answerPackage, isPackage, keepPip, wantsPip } from "./packages.ts";

declare const self: ServiceWorkerScope;
/** Put in by the build: the page's files, relative to the site, and a hash over them. */
declare const __PAGE_FILES__: readonly string[];
declare const __PAGE_VERSION__: string;

const pageCache = `drydock-page-${__PAGE_VERSION__}`;
const machineCache = "drydock-machine";
const packageCache = "drydock-packages";
/** Parts of the machine that are kept; old builds' fall out at the far end. */
const machineEntries = 400;

const site = new URL("./", self.location.href);
const index = new URL("./index.html", site).href;
/** The build's names carry a hash, and so do blobs of images: they never change what they name. */
const immutable = /[-.][\w-]{8,}\.\w+$|[/:][0-9a-f]{32,}(\.\w+)?$/;

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("message", (event) => {
  const { type, urls } = (event.data ?? {}) as { readonly type?: unknown; readonly urls?: unknown };
  if (type === "drydock-take-over") event.waitUntil(self.skipWaiting());
  if (type === "drydock-keep" && Array.isArray(urls))
    event.waitUntil(
      keep(urls.filter((url) => typeof url === "string")).then((whole) => event.ports[0]?.postMessage(whole)),
    );
});

async function install(): Promise<void> {
  const cache = await caches.open(pageCache);
  await cache.addAll([index, ...__PAGE_FILES__.map((file) => new URL(file, site).href)]);
}

async function activate(): Promise<void> {
  for (const name of await caches.keys())
    if (name.startsWith("drydock-page-") && name !== pageCache) await caches.delete(name);
  await self.clients.claim();
}

const isMachineCode = ({ pathname }: URL): boolean =>
  pathname.startsWith(`${site.pathname}machine/`) && pathname.endsWith(".wasm");

const ours = (url: URL): boolean => url.origin === site.origin && url.pathname.startsWith(site.pathname);

/** Whether all of them are here now. */
async function keep(urls: readonly string[]): Promise<boolean> {
  const cache = await caches.open(machineCache);
  let whole = true;
  for (const url of urls.slice(0, machineEntries)) {
    if (!ours(new URL(url)) || url.endsWith(KEPT_COPY) || (await caches.match(url)) !== undefined) continue;
    await cache.add(url).catch(() => {
      whole = false;
    });
  }
  const keys = await cache.keys();
  for (const key of keys.slice(0, Math.max(0, keys.length - machineEntries))) await cache.delete(key);
  return whole;
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || !ours(url)) return;
  const range = request.headers.get("range");
  if (range !== null) {
    event.respondWith(partFromCache(request, range));
    return;
  }
  // Browsers keep the code that they made of a response only where no service worker has answered: its copy has another address.
  if (url.search === KEPT_COPY) {
    url.search = "";
    event.respondWith(fromCache(url.href, request));
    return;
  }
  if (isMachineCode(url)) return;
  if (request.mode === "navigate") {
    if (url.pathname === site.pathname || url.href.split(/[?#]/)[0] === index)
      event.respondWith(fromCache(index, request));
    return;
  }
  const path = url.pathname.slice(site.pathname.length);
  if (wantsPip(path)) event.waitUntil(packageStore().then((store) => keepPip(site.href, store)));
  if (isPackage(path)) {
    event.respondWith(packageStore().then((store) => answerPackage(url.href, store)));
    return;
  }
  event.respondWith(immutable.test(url.pathname) ? fromCache(request, request) : fromNetwork(request));
});

const packageStore = async () => ({
  cache: await caches.open(packageCache),
  fetch: (address: string) => fetch(address),
});

async function fromCache(key: Request | string, request: Request): Promise<Response> {
  return (await caches.match(key)) ?? (await fetch(request));
}

/** A part of a file that is here whole, as a host with byte ranges answers (RFC 9110, 14.4). */
async function partFromCache(request: Request, range: string): Promise<Response> {
  const whole = await caches.match(request.url);
  const [, first = "", last = ""] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
  if (whole === undefined || first === "") return await fetch(request);
  const blob = await whole.blob();
  const end = last === "" ? blob.size : Math.min(Number(last) + 1, blob.size);
  const headers = { "content-range": `bytes ${first}-${end - 1}/${blob.size}` };
  return new Response(blob.slice(Number(first), end), { status: 206, headers });
}

/** The manifest of the machine's build and the like: fresh when there is a network, the last one otherwise. */
async function fromNetwork(request: Request): Promise<Response> {
  try {
    const response = await fetch(request);
    if (response.ok && response.status === 200 && (await caches.match(request)) !== undefined)
      await (await caches.open(machineCache)).put(request, response.clone());
    return response;
  } catch (error) {
    const kept = await caches.match(request);
    if (kept !== undefined) return kept;
    throw error;
  }
}
