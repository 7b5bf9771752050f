/** The shapes in which handlers answer. */
import type { ByteDuplex } from "../engine/ports/guest.ts";
import type { ApiResponse } from "./transport.ts";

const none = {};

export const json = (value: unknown, status = 200, headers: Readonly<Record<string, string>> = none): ApiResponse => ({
  status,
  headers,
  body: { kind: "json", value },
});
export const noContent = (): ApiResponse => ({ status: 204, headers: none, body: { kind: "empty" } });
export const notModified = (): ApiResponse => ({ status: 304, headers: none, body: { kind: "empty" } });
export const text = (value: string, headers: Readonly<Record<string, string>> = none): ApiResponse => ({
  status: 200,
  headers,
  body: { kind: "text", text: value },
});
export const jsonLines = (values: AsyncIterable<unknown>): ApiResponse => ({
  status: 200,
  headers: none,
  body: { kind: "jsonLines", values },
});
export const byteStream = (
  stream: ReadableStream<Uint8Array>,
  headers: Readonly<Record<string, string>> = none,
): ApiResponse => ({ status: 200, headers, body: { kind: "stream", stream } });
/** `contentType`: application/vnd.docker.raw-stream or …multiplexed-stream. */
export const upgrade = (stream: ByteDuplex, contentType: string): ApiResponse => ({
  status: 101,
  headers: { "content-type": contentType },
  body: { kind: "upgrade", stream },
});
