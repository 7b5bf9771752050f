/**
 * The page that stands at a preview's origin: it registers the service worker, passes the app's channel on to it, and
 * shows the container's page in a frame. It shares its origin with that page, and so holds nothing of worth but the channel.
 */
import { get, set } from "idb-keyval";
import { emptyStorage } from "./empty-storage.ts";
import { isPreviewName, type PreviewName, type PreviewSignal, signalOf } from "./messages.ts";
import { portOfHost, serviceWorkerPath } from "./origin.ts";

const app: Window | null = window.parent === window ? window.opener : window.parent;
// Messages go on without it; by an opener, the container's page could lead the app's tab to an address of its choice.
if (window.parent === window) window.opener = null;
/** On a host that previews share, the one that was opened last is the one that is shown. */
const others = new BroadcastChannel("drydock-preview");
const frame = document.createElement("iframe");
frame.title = "The container's page";
let appOrigin = "*";
let shown = false;

const tell = (signal: PreviewSignal): void => app?.postMessage(signal, appOrigin);

async function start(): Promise<void> {
  if (app === null) {
    document.body.textContent =
      "This address belongs to a preview. Open it from the playground that runs the container.";
    return;
  }
  try {
    await navigator.serviceWorker.register(`.${serviceWorkerPath}`);
    await navigator.serviceWorker.ready;
  } catch {
    tell({ type: "drydock-preview-unavailable" });
    return;
  }
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    if (signalOf(data)?.type === "drydock-preview-channel-wanted") tell({ type: "drydock-preview-ready" });
  });
  addEventListener("message", (event) => void onMessage(event));
  frame.addEventListener("load", report);
  tell({ type: "drydock-preview-ready" });
}

async function onMessage(event: MessageEvent<unknown>): Promise<void> {
  if (event.source !== app) return;
  appOrigin = event.origin;
  const signal = signalOf(event.data);
  if (signal?.type === "drydock-preview-channel" && event.ports[0] !== undefined && isPreviewName(signal.preview)) {
    const { preview } = signal;
    if (!shown && portOfHost(location.hostname) === undefined) await takeOver(preview);
    const { active } = await navigator.serviceWorker.ready;
    active?.postMessage({ type: "drydock-preview-channel", preview }, [event.ports[0]]);
    if (!shown) show(signal.path ?? "/");
  } else if (signal?.type === "drydock-preview-go") go(signal);
}

async function takeOver({ id }: PreviewName): Promise<void> {
  others.postMessage(id);
  others.onmessage = ({ data }) => {
    if (data !== id)
      document.body.textContent = "Another preview is shown now: this site has one address for all of them.";
  };
  if ((await get("preview")) === id) return;
  await emptyStorage();
  await set("preview", id);
}

function show(path: string): void {
  shown = true;
  frame.src = path;
  document.body.replaceChildren(frame);
}

function go({ path, step }: Extract<PreviewSignal, { type: "drydock-preview-go" }>): void {
  const page = frame.contentWindow;
  if (page === null) return;
  try {
    if (step === "back") page.history.back();
    else if (step === "forward") page.history.forward();
    else if (step === "reload") page.location.reload();
    else if (path !== undefined) page.location.assign(path);
  } catch {
    // The page has left for another origin: it is brought back.
    frame.src = path ?? "/";
  }
}

function report(): void {
  try {
    const page = frame.contentWindow;
    if (page !== null)
      tell({
        type: "drydock-preview-at",
        path: page.location.pathname + page.location.search,
        title: page.document.title,
      });
  } catch {
    // Another origin's page: where it is, is not ours to know.
  }
}

void start();
