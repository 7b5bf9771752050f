/**
 * Errors cross between page and Worker as data: an exception loses its class and fields on the way, a record keeps them.
 * `kind` is one of the engine's kinds, or one of the bridge's own.
 */
export type WireErrorKind =
  | "invalidParameter"
  | "unauthorized"
  | "forbidden"
  | "notFound"
  | "conflict"
  | "notModified"
  | "notImplemented"
  | "unavailable"
  | "system"
  | "cancelled"
  | "deadline"
  /** The Worker does not answer any more, or the browser ended it. */
  | "workerLost"
  /** A file of the site could not be fetched; trying again can help. */
  | "download"
  /** The browser has no more room for the site; making some can help. */
  | "storageFull"
  /** The browser lacks something that the machine needs (WebAssembly, memory). */
  | "unsupported";

export interface WireError {
  readonly kind: WireErrorKind;
  readonly message: string;
  /** What the error is about: a container, a path, a URL. */
  readonly resource?: string;
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: WireError };

const kinds: ReadonlySet<string> = new Set<WireErrorKind>([
  "invalidParameter",
  "unauthorized",
  "forbidden",
  "notFound",
  "conflict",
  "notModified",
  "notImplemented",
  "unavailable",
  "system",
  "cancelled",
  "deadline",
  "workerLost",
  "download",
  "storageFull",
  "unsupported",
]);

/** What crosses the bridge for a thrown value. Errors without a kind of the list count as `system`. */
export function toWireError(thrown: unknown): WireError {
  if (typeof thrown !== "object" || thrown === null) return { kind: "system", message: String(thrown) };
  const { kind, message, resource, name } = thrown as Readonly<Record<string, unknown>>;
  const known = typeof kind === "string" && kinds.has(kind) ? (kind as WireErrorKind) : undefined;
  return {
    kind: known ?? (name === "AbortError" ? "cancelled" : "system"),
    message: typeof message === "string" ? message : String(thrown),
    ...(typeof resource === "string" ? { resource } : {}),
  };
}

/** A {@link WireError} as an exception, on the side that asked. */
export class BridgeError extends Error {
  override readonly name = "BridgeError";
  readonly kind: WireErrorKind;
  readonly resource: string | undefined;
  constructor(error: WireError) {
    super(error.message);
    this.kind = error.kind;
    this.resource = error.resource;
  }
}

export function unwrap<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new BridgeError(outcome.error);
}
