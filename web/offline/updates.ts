/** Registers the site's service worker once the machine runs, keeps what the start has used, and offers updates. */
import type { App } from "../app.ts";

const afterStartMs = 20_000;
/** The first visit has its first commands before it: what is kept is fetched once more. */
const afterPromptMs = 5_000;

/** Whether the page comes from the service worker's cache, so that it also comes without a network. */
export const worksOffline = (): boolean => navigator.serviceWorker?.controller != null;

export async function startOffline(app: App, used: readonly string[]): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  if (!worksOffline()) await new Promise((resolve) => setTimeout(resolve, afterPromptMs));
  try {
    const registration = await navigator.serviceWorker.register("./sw.js");
    offerWaiting(app, registration);
    registration.addEventListener("updatefound", () => {
      registration.installing?.addEventListener("statechange", () => offerWaiting(app, registration));
    });
    const { active } = await navigator.serviceWorker.ready;
    setTimeout(() => void keepFirst(), afterStartMs);
    if (active !== null) app.store.set({ offline: await kept(active, used) });
  } catch {
    // Denied (a private window, an embedded frame): the page works, and needs the network.
  }
}

/** Whether all that the start has used is on the device. */
async function kept(worker: ServiceWorker, urls: readonly string[]): Promise<boolean> {
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise<MessageEvent>((resolve) => {
    port1.onmessage = resolve;
  });
  worker.postMessage({ type: "drydock-keep", urls }, [port2]);
  const { data } = await answer;
  port1.close();
  return data === true;
}

/** Long after the start, which needs the network for itself, and not where data is dear. What cannot be had now comes at a later start. */
async function keepFirst(): Promise<void> {
  const { connection } = navigator as { connection?: { readonly saveData?: boolean } };
  if (!("caches" in globalThis) || connection?.saveData === true) return;
  const { keepUserland, keepFirstImages } = await import("./kept-first.ts");
  await keepUserland().catch(() => {});
  await keepFirstImages().catch(() => {});
}

/** A new version waits behind the one that runs. It is taken when the person says so, or when all tabs are closed. */
function offerWaiting(app: App, registration: ServiceWorkerRegistration): void {
  const { waiting, active } = registration;
  if (waiting === null || active === null) return;
  app.toast({
    kind: "info",
    lasting: true,
    text: "A new version of this page is ready. Containers are kept as after any reload.",
    action: {
      label: "Reload with it",
      run: () => {
        navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
        waiting.postMessage({ type: "drydock-take-over" });
      },
    },
  });
}
