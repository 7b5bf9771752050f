/** What app, bootstrap page, service worker and container's page say to each other. All of it is checked on arrival. */
export type PreviewSignal =
  /** Bootstrap to app: a channel to the container is wanted. */
  | { readonly type: "drydock-preview-ready" }
  /** Bootstrap to app: the browser gives this origin no service worker (private windows, blocked third-party storage). */
  | { readonly type: "drydock-preview-unavailable" }
  /** App to bootstrap, with a MessagePort; bootstrap to service worker likewise. */
  | { readonly type: "drydock-preview-channel"; readonly path?: string }
  /** Service worker to bootstrap: it was stopped in between, and has no channel. */
  | { readonly type: "drydock-preview-channel-wanted" }
  /** App to bootstrap. */
  | { readonly type: "drydock-preview-go"; readonly path?: string; readonly step?: "back" | "forward" | "reload" }
  /** Bootstrap to app: where the page is. */
  | { readonly type: "drydock-preview-at"; readonly path: string; readonly title: string }
  /** Container's page to service worker, with two ports: a raw connection, for its WebSocket. */
  | { readonly type: "drydock-preview-connect" };

export function signalOf(data: unknown): PreviewSignal | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { type } = data as { readonly type?: unknown };
  return typeof type === "string" && type.startsWith("drydock-preview-") ? (data as PreviewSignal) : undefined;
}
