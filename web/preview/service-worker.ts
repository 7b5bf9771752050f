/**
 * The preview's service worker: every request of the container's page becomes HTTP over a byte stream to its port. It holds
 * a channel that leads to that one port; the browser may stop it at any time, and then it asks its bootstrap page for another.
 */
import { get, set } from "idb-keyval";
import { type PreviewMessage, portReadable, portWritable } from "../../worker/protocol/index.ts";
import { type Cookie, CookieJar } from "./cookie-jar.ts";
import {
  type ByteStreams,
  type HttpBody,
  HttpConnection,
  type HttpRequest,
  type HttpResponse,
  NoAnswer,
} from "./http-client.ts";
import { isPreviewName, type PageContext, type PreviewName, type PreviewSignal, signalOf } from "./messages.ts";
import { bootstrapPath, portOfHost, serviceWorkerPath } from "./origin.ts";
import type { FetchEvent, ServiceWorkerScope } from "./service-worker-scope.ts";

declare const self: ServiceWorkerScope;
/** The script for the container's pages (page-script.ts), put in by the build. */
declare const __PAGE_SCRIPT__: string;

/** Which preview this origin shows: its name says it, or the page that opened it (on a host that previews share). */
let shown: PreviewName | undefined;
async function portShown(): Promise<number> {
  const named = portOfHost(self.location.hostname);
  if (named !== undefined) return named;
  if (shown === undefined) await channelToUse();
  return shown?.port ?? 0;
}

/** How long a request waits for the page that has the channel. */
const channelWaitMs = 10_000;

let channel: MessagePort | undefined;
let channelWaiters: ((channel: MessagePort) => void)[] = [];
const pending = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
let nextId = 1;

self.addEventListener("install", () => void self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  const signal = signalOf(event.data);
  if (signal?.type === "drydock-preview-channel" && event.ports[0] !== undefined && isPreviewName(signal.preview)) {
    if (shown !== undefined && shown.id !== signal.preview.id) jar = undefined;
    shown = signal.preview;
    useChannel(event.ports[0]);
  } else if (signal?.type === "drydock-preview-connect") {
    const [readable, writable] = event.ports;
    if (readable !== undefined && writable !== undefined)
      event.waitUntil(connectSocket(readable, writable, signal).catch(() => {}));
  } else if (signal?.type === "drydock-preview-cookie") event.waitUntil(takeFromScript(signal));
});

function useChannel(next: MessagePort): void {
  // A window of the same preview brings a channel of its own, perhaps while the other one's answers are still on their way.
  if (pending.size === 0) channel?.close();
  channel = next;
  next.onmessage = ({ data }: MessageEvent<PreviewMessage>) => {
    if (data.type === "connect") return;
    const waiting = pending.get(data.id);
    pending.delete(data.id);
    if (data.type === "connected") waiting?.resolve();
    else waiting?.reject(new Error(data.message));
  };
  for (const waiter of channelWaiters) waiter(next);
  channelWaiters = [];
}

async function channelToUse(): Promise<MessagePort> {
  if (channel !== undefined) return channel;
  const wanted = new Promise<MessagePort>((resolve, reject) => {
    channelWaiters.push(resolve);
    setTimeout(() => reject(new Error("The page that shows this preview has been closed.")), channelWaitMs);
  });
  for (const client of await self.clients.matchAll({ type: "window", includeUncontrolled: true }))
    if (new URL(client.url).pathname === bootstrapPath) client.postMessage({ type: "drydock-preview-channel-wanted" });
  return await wanted;
}

/** A WebSocket of the page's: its request gets the cookies that its scripts may not see. */
async function connectSocket(
  readable: MessagePort,
  writable: MessagePort,
  { path, head }: Extract<PreviewSignal, { type: "drydock-preview-connect" }>,
): Promise<void> {
  const cookie = (await loadJar()).header(path, Date.now());
  const lines = cookie === undefined ? head : [...head, `Cookie: ${cookie}`];
  await connectPorts(readable, writable, new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
}

/** Gives the ports' far ends to the Worker, as a connection to the container. */
async function connectPorts(readable: MessagePort, writable: MessagePort, first?: Uint8Array): Promise<void> {
  const use = await channelToUse();
  const id = nextId++;
  const connected = new Promise<void>((resolve, reject) => pending.set(id, { resolve, reject }));
  const request = { type: "connect", id, readable, writable, ...(first === undefined ? {} : { first }) } as const;
  use.postMessage(request satisfies PreviewMessage, [readable, writable]);
  await connected;
}

/** Connections that can take another request, for as long as servers usually keep them. */
const idle: { readonly connection: HttpConnection; readonly timer: ReturnType<typeof setTimeout> }[] = [];
const idleMs = 4000;
const mostIdle = 6;

function onIdle(connection: HttpConnection): void {
  if (idle.length >= mostIdle) {
    void connection.close();
    return;
  }
  const entry = {
    connection,
    timer: setTimeout(() => {
      idle.splice(idle.indexOf(entry), 1);
      void connection.close();
    }, idleMs),
  };
  idle.push(entry);
}

/** On a kept connection where there is one. A server may have closed it meanwhile; what is safe to repeat is then asked anew. */
async function exchange(request: HttpRequest): Promise<HttpResponse> {
  const kept = ["GET", "HEAD"].includes(request.method) ? idle.pop() : undefined;
  if (kept !== undefined) {
    clearTimeout(kept.timer);
    try {
      return await kept.connection.send(request);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
    }
  }
  return await new HttpConnection(await connect(), { keepAlive: true, onIdle }).send(request);
}

async function connect(): Promise<ByteStreams> {
  const down = new MessageChannel();
  const up = new MessageChannel();
  await connectPorts(down.port2, up.port2);
  return { readable: portReadable<Uint8Array>(down.port1), writable: portWritable<Uint8Array>(up.port1) };
}

// ---------------------------------------------------------------- cookies

let jar: Promise<CookieJar> | undefined;
const loadJar = (): Promise<CookieJar> => {
  jar ??= get<readonly Cookie[]>("cookies").then(
    (cookies) => new CookieJar(cookies ?? []),
    () => new CookieJar(),
  );
  return jar;
};

async function takeFromScript({ header, path }: Extract<PreviewSignal, { type: "drydock-preview-cookie" }>) {
  const all = await loadJar();
  if (all.takeFromScript(String(header), String(path), Date.now())) await keep(all);
}

/** Stores the jar, and gives its pages what their scripts may see of it. */
async function keep(all: CookieJar): Promise<void> {
  for (const client of await self.clients.matchAll({ type: "window", includeUncontrolled: true }))
    client.postMessage({ type: "drydock-preview-cookies", cookies: all.visible } satisfies PreviewSignal);
  await set("cookies", all.cookies).catch(() => {});
}

// ---------------------------------------------------------------- requests

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (url.origin !== self.location.origin) return;
  if (url.pathname === bootstrapPath || url.pathname === serviceWorkerPath) return;
  event.respondWith(answer(event, url));
});

async function answer(event: FetchEvent, url: URL): Promise<Response> {
  // The bootstrap page's own script comes from the site. The browser is asked for each request: requests come straight from the page,
  // its messages by way of the browser, and the answer only after a cookie that a script has set before (page-script.ts).
  const client = event.clientId === "" ? undefined : await self.clients.get(event.clientId);
  const { request } = event;
  if (request.mode !== "navigate" && client !== undefined && new URL(client.url).pathname === bootstrapPath)
    return await fetch(request);
  try {
    return await ask(request, url);
  } catch (error) {
    return failure(await portShown(), error instanceof Error ? error.message : String(error));
  }
}

async function ask(request: Request, url: URL): Promise<Response> {
  const port = await portShown();
  const cookies = await loadJar();
  const headers: [string, string][] = [...request.headers];
  const cookie = cookies.header(url.pathname, Date.now());
  if (cookie !== undefined) headers.push(["Cookie", cookie]);
  headers.push(["Accept-Encoding", "gzip, deflate"]);
  // A page on the published port would say so; some servers compare the two.
  if (!["GET", "HEAD"].includes(request.method)) headers.push(["Origin", `http://localhost:${port}`]);
  if (request.referrer !== "")
    headers.push(["Referer", request.referrer.replace(self.location.origin, `http://localhost:${port}`)]);
  const hasBody = !["GET", "HEAD"].includes(request.method);
  const body = hasBody ? new Uint8Array(await request.arrayBuffer()) : undefined;
  const response = await exchange({
    method: request.method,
    target: url.pathname + url.search,
    host: `localhost:${port}`,
    headers,
    ...(body === undefined ? {} : { body }),
  });
  const set_ = response.headers.filter(([name]) => name.toLowerCase() === "set-cookie").map(([, value]) => value);
  if (cookies.take(set_, url.pathname, Date.now())) await keep(cookies);
  return toResponse(response, request, { port, cookies: cookies.visible });
}

/** Of no use to a page behind a service worker, or not true of the decoded body. */
const dropped = new Set([
  "set-cookie",
  "content-length",
  "content-encoding",
  "transfer-encoding",
  "connection",
  "keep-alive",
]);

function toResponse(response: HttpResponse, request: Request, page: PageContext): Response {
  const { port } = page;
  const headers = new Headers();
  const value = (name: string): string | undefined =>
    response.headers.find(([each]) => each.toLowerCase() === name)?.[1];
  for (const [name, each] of response.headers)
    if (!dropped.has(name.toLowerCase())) {
      try {
        headers.append(name, each);
      } catch {
        // A name or value that HTTP does not allow.
      }
    }
  const location = value("location");
  if (location !== undefined)
    headers.set(
      "location",
      location.replace(new RegExp(`^http://(localhost|127\\.0\\.0\\.1):${port}(?=/|$)`), "") || "/",
    );
  const empty = request.method === "HEAD" || [101, 204, 205, 304].includes(response.status);
  if (response.status < 200) {
    void stream(response.body).cancel();
    return failure(port, "The server switched to another protocol.");
  }
  if (empty) return new Response(null, { status: response.status, statusText: response.reason, headers });
  let { body } = response;
  const encoding = value("content-encoding")?.toLowerCase();
  if (encoding === "gzip" || encoding === "deflate")
    body = stream(body).pipeThrough(
      new DecompressionStream(encoding) as TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>,
    );
  if (request.mode === "navigate" && (value("content-type") ?? "").toLowerCase().startsWith("text/html"))
    body = stream(body).pipeThrough(withPageScript(page));
  return new Response(body, {
    status: response.status,
    statusText: response.reason,
    headers,
  });
}

const stream = (body: HttpBody): ReadableStream<Uint8Array<ArrayBuffer>> =>
  body instanceof Uint8Array ? new Blob([body]).stream() : body;

/** Puts the page script before everything but the doctype, which decides about quirks. */
function withPageScript(page: PageContext): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  // A cookie's value is the server's: it must not end the script.
  const context = JSON.stringify(page).replaceAll("<", "\\u003c");
  let held = new Uint8Array(0);
  let done = false;
  const insert = (controller: TransformStreamDefaultController<Uint8Array<ArrayBuffer>>): void => {
    done = true;
    const head = new TextDecoder("latin1").decode(held.subarray(0, 1024));
    const at = /^\s*(?:<!--[\s\S]*?-->\s*)*<!doctype[^>]*>/i.exec(head)?.[0].length ?? 0;
    controller.enqueue(held.subarray(0, at));
    controller.enqueue(new TextEncoder().encode(`<script>self.drydockPreview=${context};${__PAGE_SCRIPT__}</script>`));
    controller.enqueue(held.subarray(at));
  };
  return new TransformStream({
    transform(chunk, controller) {
      if (done) {
        controller.enqueue(chunk);
        return;
      }
      const joined = new Uint8Array(held.length + chunk.length);
      joined.set(held);
      joined.set(chunk, held.length);
      held = joined;
      if (held.length >= 1024) insert(controller);
    },
    flush(controller) {
      if (!done) insert(controller);
    },
  });
}

/** A server that does not listen yet is asked again: nginx in an emulated machine takes a moment to come up. */
function failure(port: number, message: string): Response {
  const escaped = message.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`);
  return new Response(
    `<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark"><meta http-equiv="refresh" content="2"><title>No answer</title><body style="font: 14px/20px system-ui; margin: 32px"><h1 style="font-size: 18px">Port ${port} does not answer</h1><p>${escaped}</p><p>It is asked again every two seconds.</p>`,
    { status: 502, headers: { "content-type": "text/html; charset=utf-8" } },
  );
}
