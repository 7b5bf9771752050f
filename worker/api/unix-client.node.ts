/**
 * An ApiTransport over a Unix socket or TCP to any Docker engine, hijacked connections included. Streams come as streams: the
 * caller knows which answers are JSON lines.
 */
import * as http from "node:http";
import type { Socket } from "node:net";
import { Readable, Writable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import type { ByteDuplex } from "../engine/ports/guest.ts";
import type { ApiRequest, ApiResponse, ApiTransport, ResponseBody } from "./transport.ts";

/** `host`: "unix:///path" or "tcp://host:port". */
export class UnixClient implements ApiTransport {
  readonly #target: { readonly socketPath: string } | { readonly host: string; readonly port: number };
  readonly #agent = new http.Agent({ keepAlive: true });

  constructor(host: string) {
    const unix = /^unix:\/\/(.+)$/.exec(host)?.[1];
    const url = unix === undefined ? new URL(host.replace(/^tcp:/, "http:")) : undefined;
    this.#target =
      url === undefined
        ? { socketPath: unix ?? "" }
        : { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || 2375) };
  }

  /** Ends idle connections, so that the process can end. */
  close(): void {
    this.#agent.destroy();
  }

  request(request: ApiRequest): Promise<ApiResponse> {
    const upgrades = request.headers?.["upgrade"] !== undefined;
    return new Promise((resolve, reject) => {
      const call = http.request({
        ...this.#target,
        method: request.method,
        path: request.path,
        agent: upgrades ? false : this.#agent,
        headers: { host: "docker", ...request.headers, ...(upgrades && { connection: "Upgrade" }) },
        ...(request.signal !== undefined && { signal: request.signal }),
      });
      call.on("error", reject);
      call.on("upgrade", (response, socket, head) => {
        resolve({
          status: 101,
          headers: headersOf(response),
          body: { kind: "upgrade", stream: hijack(socket as Socket, head) },
        });
      });
      call.on("response", (response) => {
        bodyOf(request, response).then(
          (body) => resolve({ status: response.statusCode ?? 500, headers: headersOf(response), body }),
          reject,
        );
      });
      send(call, request).catch(reject);
    });
  }
}

async function send(call: http.ClientRequest, { body }: ApiRequest): Promise<void> {
  if (body === undefined) {
    call.end();
  } else if (body.kind === "json") {
    const text = Buffer.from(JSON.stringify(body.value));
    call.setHeader("content-length", text.length);
    call.end(text);
  } else {
    // An engine that refuses early closes its side; its answer tells why, not the broken pipe.
    await body.stream.pipeTo(Writable.toWeb(call) as WritableStream<Uint8Array>).catch(() => call.end());
  }
}

function headersOf(response: http.IncomingMessage): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers))
    if (value !== undefined) out[name] = Array.isArray(value) ? value.join(", ") : value;
  return out;
}

async function bodyOf(request: ApiRequest, response: http.IncomingMessage): Promise<ResponseBody> {
  if (request.method === "HEAD" || response.statusCode === 204 || response.statusCode === 304) {
    response.resume();
    return { kind: "empty" };
  }
  const stream = Readable.toWeb(response) as NodeReadableStream<Uint8Array> as ReadableStream<Uint8Array>;
  const isJson = (response.headers["content-type"] ?? "").startsWith("application/json");
  if (isJson && response.headers["content-length"] !== undefined) {
    const text = await new Response(stream).text();
    return text.trim() === "" ? { kind: "empty" } : { kind: "json", value: JSON.parse(text) };
  }
  return { kind: "stream", stream };
}

function hijack(socket: Socket, head: Buffer): ByteDuplex {
  if (head.length > 0) socket.unshift(head);
  socket.setNoDelay(true);
  return {
    readable: new ReadableStream<Uint8Array>({
      start(controller) {
        let open = true;
        const finish = (): void => {
          if (open) controller.close();
          open = false;
        };
        socket.on("data", (chunk) => {
          if (!open) return;
          controller.enqueue(chunk);
          if ((controller.desiredSize ?? 0) <= 0) socket.pause();
        });
        socket.on("end", finish);
        socket.on("close", finish);
        socket.on("error", (error) => {
          if (open) controller.error(error);
          open = false;
        });
      },
      pull() {
        socket.resume();
      },
      cancel() {
        socket.destroy();
      },
    }),
    // Closing it is the half-close: the engine sees the end of stdin and keeps writing.
    writable: new WritableStream<Uint8Array>({
      write: (chunk) =>
        new Promise((resolve, reject) => {
          socket.write(chunk, (error) => (error ? reject(error) : resolve()));
        }),
      close: () =>
        new Promise((resolve) => {
          socket.end(() => resolve());
        }),
      abort() {
        socket.destroy();
      },
    }),
  };
}
