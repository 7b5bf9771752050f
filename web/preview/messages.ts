/** What app, bootstrap page, service worker and container's page say to each other. All of it is checked on arrival. */
import type { Cookie } from "./cookie-jar.ts";

export type PreviewSignal =
  /** Bootstrap to app: a channel to the container is wanted. */
  | { readonly type: "drydock-preview-ready" }
  /** Bootstrap to app: the browser gives this origin no service worker (private windows, blocked third-party storage). */
  | { readonly type: "drydock-preview-unavailable" }
  /** App to bootstrap, with a MessagePort; bootstrap to service worker likewise. */
  | {
      readonly type: "drydock-preview-channel";
      readonly path?: string;
      /** Which preview it is, for an origin that all of them share one after another. */
      readonly preview: PreviewName;
    }
  /** Service worker to bootstrap: it was stopped in between, and has no channel. */
  | { readonly type: "drydock-preview-channel-wanted" }
  /** App to bootstrap. */
  | { readonly type: "drydock-preview-go"; readonly path?: string; readonly step?: "back" | "forward" | "reload" }
  /** Bootstrap to app: where the page is. */
  | { readonly type: "drydock-preview-at"; readonly path: string; readonly title: string }
  /** Container's page to service worker, with two ports: a connection for its WebSocket, and the request that opens it. */
  | { readonly type: "drydock-preview-connect"; readonly path: string; readonly head: readonly string[] }
  /** Container's page to service worker: `document.cookie` was set. */
  | { readonly type: "drydock-preview-cookie"; readonly path: string; readonly header: string }
  /** Service worker to container's pages: the cookies that scripts may see. */
  | { readonly type: "drydock-preview-cookies"; readonly cookies: readonly Cookie[] };

/** A published port of one tab's playground. */
export interface PreviewName {
  readonly id: string;
  readonly port: number;
}

/** What the service worker puts before the page's script: the port that the page is of, and the cookies that scripts may see. */
export interface PageContext {
  readonly port: number;
  readonly cookies: readonly Cookie[];
}

export function isPreviewName(data: unknown): data is PreviewName {
  if (typeof data !== "object" || data === null) return false;
  const { id, port } = data as Readonly<Record<string, unknown>>;
  return typeof id === "string" && typeof port === "number";
}

export function signalOf(data: unknown): PreviewSignal | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { type } = data as { readonly type?: unknown };
  return typeof type === "string" && type.startsWith("drydock-preview-") ? (data as PreviewSignal) : undefined;
}
