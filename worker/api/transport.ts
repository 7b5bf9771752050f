/**
 * The Engine API as values: a request in, a response out. The router answers it directly (the CLI, the page and lessons call it
 * without HTTP in between), the HTTP server puts it on a byte stream, and the Unix-socket client speaks it to any Docker engine.
 */
import type { ByteDuplex } from "../engine/ports/guest.ts";

export type { ByteDuplex };

export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "HEAD" | "OPTIONS" | "PATCH";
  /** Path and query, with or without a version prefix: "/containers/json?all=1". */
  readonly path: string;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  readonly signal?: AbortSignal;
}
export type RequestBody =
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "stream"; readonly stream: ReadableStream<Uint8Array> };

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ResponseBody;
}
export type ResponseBody =
  | { readonly kind: "empty" }
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "text"; readonly text: string }
  /** Progress and events: one JSON value a line. A failure after the start comes as a value with `errorDetail`. */
  | { readonly kind: "jsonLines"; readonly values: AsyncIterable<unknown> }
  | { readonly kind: "stream"; readonly stream: ReadableStream<Uint8Array> }
  /** Status 101 (or 200 to clients that sent no Upgrade): the connection becomes a raw byte stream. Closing `writable` is the client's half-close. */
  | {
      readonly kind: "upgrade";
      readonly stream: ByteDuplex;
      /** Over HTTP the stream's bytes travel in frames of this protocol; in process there is no need of them. */
      readonly protocol?: "websocket";
    };

export interface ApiTransport {
  /** Never rejects for what the engine refused (that is a status with `{message}`); rejects when it cannot be reached. */
  request(request: ApiRequest): Promise<ApiResponse>;
}
