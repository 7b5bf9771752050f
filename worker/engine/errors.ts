/**
 * The one error that the engine's domains throw. Its kinds are those of moby's errdefs; HTTP status and CLI exit code are
 * derived from the kind in one place each (worker/api/errors.ts, worker/cli/errors.ts).
 */
export type ErrorKind =
  | "invalidParameter" // 400
  | "unauthorized" // 401
  | "forbidden" // 403
  | "notFound" // 404
  | "conflict" // 409
  | "notModified" // 304
  | "notImplemented" // 501
  | "unavailable" // 503
  | "system" // 500
  | "cancelled"
  | "deadline";

export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly kind: ErrorKind;
  /** What the error is about, such as a container's id. */
  readonly resource: string | undefined;
  constructor(kind: ErrorKind, message: string, options: { resource?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.resource = options.resource;
  }
}

export function isEngineError(error: unknown, kind?: ErrorKind): error is EngineError {
  return error instanceof EngineError && (kind === undefined || error.kind === kind);
}
