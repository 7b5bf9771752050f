/**
 * Goes into the container's HTML, for what a service worker does not see: WebSockets to the page's own server run over a byte
 * stream that the service worker opens, and `document.cookie` is the jar's (cookie-jar.ts).
 */
import { CookieJar } from "./cookie-jar.ts";
import { type PageContext, signalOf } from "./messages.ts";
import { BridgedWebSocket } from "./websocket.ts";

const globals = globalThis as { drydockPreview?: PageContext };
const { port, cookies } = globals.drydockPreview ?? { port: 80, cookies: [] };
delete globals.drydockPreview;

const Native = window.WebSocket;
const own = (url: string | URL): boolean => {
  try {
    const target = new URL(url, location.href);
    return target.host === location.host || /^(localhost|127\.0\.0\.1)(:\d+)?$/.test(target.host);
  } catch {
    return false;
  }
};

window.WebSocket = new Proxy(Native, {
  construct(target, [url, protocols]: [string | URL, (string | string[])?]) {
    return own(url)
      ? new BridgedWebSocket(url, { port, ...(protocols === undefined ? {} : { protocols }) })
      : new target(url, protocols);
  },
});

// A link that names its file is asked for past the service worker (Chromium), where nobody would answer.
addEventListener("click", (event) => {
  const link = event.composedPath().find((each) => each instanceof HTMLAnchorElement);
  if (event.defaultPrevented || link === undefined || !link.hasAttribute("download") || !own(link.href)) return;
  if (!/^https?:/.test(link.protocol)) return;
  event.preventDefault();
  void fetch(link.href)
    .then((response) => response.blob())
    .then((content) => {
      const name = link.download || (link.pathname.split("/").at(-1) ?? "");
      const saved = Object.assign(document.createElement("a"), { href: URL.createObjectURL(content), download: name });
      saved.click();
      setTimeout(() => URL.revokeObjectURL(saved.href), 10_000);
    });
});

let jar = new CookieJar(cookies);
const { serviceWorker } = navigator;
serviceWorker.addEventListener("message", ({ data }) => {
  const signal = signalOf(data);
  if (signal?.type === "drydock-preview-cookies") jar = new CookieJar(signal.cookies);
});
serviceWorker.startMessages();
Object.defineProperty(Document.prototype, "cookie", {
  configurable: true,
  enumerable: true,
  get: () => jar.header(location.pathname, Date.now()) ?? "",
  set(header: unknown) {
    const path = location.pathname;
    if (jar.takeFromScript(String(header), path, Date.now()))
      serviceWorker.controller?.postMessage({ type: "drydock-preview-cookie", path, header: String(header) });
  },
});
