/** Engine API calls over the bridge, with the engine's refusals as exceptions in its own words. */
import { BridgeError, type WireErrorKind } from "../../worker/protocol/index.ts";
import type { Bridge, BridgeRequest, BridgeResponse, Duplex } from "../bridge/client.ts";

const kinds: Readonly<Record<number, WireErrorKind>> = {
  400: "invalidParameter",
  401: "unauthorized",
  403: "forbidden",
  404: "notFound",
  409: "conflict",
  501: "notImplemented",
  503: "unavailable",
};

export class Engine {
  readonly #bridge: Bridge;
  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  async #send(request: BridgeRequest): Promise<BridgeResponse> {
    const response = await this.#bridge.request(request);
    if (response.status < 400) return response;
    throw new BridgeError({ kind: kinds[response.status] ?? "system", message: await refusal(response) });
  }

  async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    const { body } = await this.#send({ method: "GET", path, ...(signal === undefined ? {} : { signal }) });
    return (body.kind === "json" ? body.value : body.kind === "text" ? body.text : undefined) as T;
  }

  async post<T = void>(path: string, json?: unknown): Promise<T> {
    const { body } = await this.#send({ method: "POST", path, json });
    return (body.kind === "json" ? body.value : undefined) as T;
  }

  async delete(path: string): Promise<void> {
    await this.#send({ method: "DELETE", path });
  }

  /** Bytes into a path: an image tar, an archive. */
  async put(method: "PUT" | "POST", path: string, stream: ReadableStream<Uint8Array>): Promise<BridgeResponse> {
    return await this.#send({ method, path, stream, headers: { "content-type": "application/x-tar" } });
  }

  /** An answer that comes value by value: statistics, progress. */
  async lines<T>(method: "GET" | "POST", path: string, signal: AbortSignal): Promise<ReadableStream<T>> {
    const { body } = await this.#send({ method, path, signal });
    if (body.kind === "jsonLines") return body.values as ReadableStream<T>;
    return new ReadableStream<T>({
      start(controller) {
        if (body.kind === "json") controller.enqueue(body.value as T);
        controller.close();
      },
    });
  }

  /** An answer in bytes: logs, archives. */
  async bytes(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const { body } = await this.#send({ method: "GET", path, signal });
    if (body.kind === "stream") return body.stream;
    if (body.kind === "upgrade") return body.stream.readable;
    return new ReadableStream({
      start(controller) {
        if (body.kind === "text") controller.enqueue(new TextEncoder().encode(body.text));
        controller.close();
      },
    });
  }

  openPort(address: string, port: number): Promise<Duplex> {
    return this.#bridge.openPort(address, port);
  }
}

async function refusal({ status, body }: BridgeResponse): Promise<string> {
  if (body.kind === "json" && typeof body.value === "object" && body.value !== null) {
    const { message } = body.value as { readonly message?: unknown };
    if (typeof message === "string") return message;
  }
  return body.kind === "text" ? body.text : `The engine answered with status ${status}.`;
}

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
