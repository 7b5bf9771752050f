/** Engine errors to HTTP answers, in one place. Follows moby's httpstatus.FromError. */
import { EngineError, type ErrorKind } from "../engine/errors.ts";
import { GuestError } from "../engine/ports/guest.ts";
import type { ApiResponse } from "./transport.ts";

const statuses: Readonly<Record<ErrorKind, number>> = {
  invalidParameter: 400,
  unauthorized: 401,
  forbidden: 403,
  notFound: 404,
  conflict: 409,
  notModified: 304,
  notImplemented: 501,
  unavailable: 503,
  system: 500,
  cancelled: 500,
  deadline: 500,
};

export function statusOf(error: unknown): number {
  return error instanceof EngineError ? statuses[error.kind] : 500;
}

export function errorResponse(error: unknown): ApiResponse {
  const status = statusOf(error);
  if (status === 304) return { status, headers: {}, body: { kind: "empty" } };
  const message = error instanceof EngineError || error instanceof GuestError ? error.message : String(error);
  return { status, headers: {}, body: { kind: "json", value: { message } } };
}
