import { getEventListeners } from "node:events";
import * as http from "node:http";
import * as net from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { EngineError } from "../engine/errors.ts";
import { serveConnection } from "./http-server.ts";
import { socketDuplex } from "./node-socket.node.ts";
import { byteStream, json, jsonLines, noContent, upgrade } from "./respond.ts";
import { type Route, Router } from "./router.ts";

let server: net.Server | undefined;
afterEach(() => server?.close());

async function listen(routes: readonly Route[]): Promise<number> {
  const router = new Router(routes);
  server = net.createServer({ allowHalfOpen: true }, (socket) => {
    void serveConnection(socketDuplex(socket), router);
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return (server.address() as net.AddressInfo).port;
}

const route = (method: Route["method"], path: string, handle: Route["handle"]): Route => ({
  method,
  path,
  operation: path,
  handle,
});
const echo = route("POST", "/echo", async (context) => json(await context.json()));

describe("the HTTP server", () => {
  it("answers JSON with moby's headers, and several requests on one connection", async () => {
    const port = await listen([
      route("GET", "/things/{id}/json", async (c) => json({ id: c.params.id, all: c.query.boolean("all") })),
      echo,
    ]);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const get = (path: string) =>
      new Promise<[http.IncomingMessage, string]>((resolve, reject) =>
        http
          .get({ port, path, agent }, async (response) => {
            let text = "";
            for await (const part of response) text += part;
            resolve([response, text]);
          })
          .on("error", reject),
      );
    const [first, body] = await get("/v1.44/things/a%2Fb/json?all=1");
    expect(first.headers["api-version"]).toBe("1.51");
    expect(first.headers.server).toBe("Docker/28.5.2 (linux)");
    expect(JSON.parse(body)).toEqual({ id: "a/b", all: true });
    const [second, missing] = await get("/nothing");
    expect(second.statusCode).toBe(404);
    expect(JSON.parse(missing)).toEqual({ message: "page not found" });
    const [, old] = await get("/v1.12/things/x/json");
    expect(JSON.parse(old).message).toContain("client version 1.12 is too old");
    agent.destroy();
  });

  it("hears a client out that it has refused already, as Go's server does: it is still sending its body", async () => {
    const port = await listen([
      route("POST", "/refuse", async () => {
        throw new EngineError("invalidParameter", "FOO is not a valid change command");
      }),
    ]);
    const socket = net.connect(port, "127.0.0.1");
    const failed = new Promise<Error | undefined>((resolve) => {
      socket.on("error", resolve);
      socket.on("close", () => resolve(undefined));
    });
    socket.write("POST /refuse HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n");
    const answer = await new Promise<string>((resolve) => socket.once("data", (data) => resolve(String(data))));
    expect(answer).toContain("400 Bad Request");
    for (let i = 0; i < 4; i++)
      await new Promise<void>((resolve, reject) =>
        socket.write("5\r\nhello\r\n", (error) => (error ? reject(error) : resolve())),
      );
    socket.write("0\r\n\r\n");
    expect(await failed).toBeUndefined();
  });

  it("reads chunked and sized bodies, also when requests arrive in one packet", async () => {
    const port = await listen([echo]);
    const one = `POST /echo HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}`;
    const two = `POST /echo HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\n{"b\r\n4\r\n":2}\r\n0\r\n\r\n`;
    const socket = net.connect(port, "127.0.0.1");
    socket.write(one + two);
    let text = "";
    for await (const part of socket) text += part;
    expect(text.match(/\{.*\}/g)).toEqual(['{"a":1}', '{"b":2}']);
  });

  it("says what is wrong with malformed JSON", async () => {
    const port = await listen([echo]);
    const answer = await fetch(`http://127.0.0.1:${port}/echo`, { method: "POST", body: "{" });
    expect(answer.status).toBe(400);
  });

  it("keeps nothing of an answered request, however many come on one connection", async () => {
    const signals: AbortSignal[] = [];
    const values = async function* () {
      yield { n: 1 };
    };
    const port = await listen([
      route("GET", "/values", async ({ signal }) => {
        signals.push(signal);
        return jsonLines(values());
      }),
    ]);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 12; i++)
      await new Promise<void>((resolve, reject) =>
        http
          .get({ port, path: "/values", agent }, (response) => response.resume().on("end", resolve))
          .on("error", reject),
      );
    const [signal] = signals;
    if (signal === undefined) throw new Error("no request came");
    expect(new Set(signals).size).toBe(1);
    expect(getEventListeners(signal, "abort")).toEqual([]);
    agent.destroy();
  });

  it("streams values as they come and stops the source when the client goes away", async () => {
    let stopped: () => void = () => undefined;
    const done = new Promise<void>((resolve) => {
      stopped = resolve;
    });
    async function* values() {
      try {
        yield { n: 1 };
        await new Promise(() => undefined);
      } finally {
        stopped();
      }
    }
    const endless = {
      [Symbol.asyncIterator]: () => {
        const inner = values();
        return {
          next: () => inner.next(),
          return: async () => {
            stopped();
            return { value: undefined, done: true as const };
          },
        };
      },
    };
    const port = await listen([route("GET", "/events", async () => jsonLines(endless))]);
    const abort = new AbortController();
    const response = await fetch(`http://127.0.0.1:${port}/events`, { signal: abort.signal });
    const first = await response.body?.getReader().read();
    expect(new TextDecoder().decode(first?.value)).toBe('{"n":1}\r\n');
    abort.abort();
    await done;
  });

  it("hands the connection over, with bytes both ways and a half-close", async () => {
    const port = await listen([
      route("POST", "/attach", async () => {
        const pipe = new TransformStream<Uint8Array, Uint8Array>();
        return upgrade({ readable: pipe.readable, writable: pipe.writable }, "application/vnd.docker.raw-stream");
      }),
    ]);
    const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    socket.write("POST /attach HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
    let text = "";
    let sent = false;
    for await (const part of socket) {
      text += part;
      if (!sent && text.includes("\r\n\r\n")) {
        sent = true;
        socket.end("hello");
      }
    }
    expect(text).toMatch(/^HTTP\/1\.1 101 UPGRADED\r\n/);
    expect(text.endsWith("hello")).toBe(true);
  });

  it("sends bytes as a stream, nothing for 204, and only the head for HEAD", async () => {
    const body = () => new Response("tar bytes").body as ReadableStream<Uint8Array>;
    const port = await listen([
      route("GET", "/archive", async () => byteStream(body(), { "content-type": "application/x-tar" })),
      route("POST", "/start", async () => noContent()),
    ]);
    const archive = await fetch(`http://127.0.0.1:${port}/archive`);
    expect(archive.headers.get("content-type")).toBe("application/x-tar");
    expect(await archive.text()).toBe("tar bytes");
    expect((await fetch(`http://127.0.0.1:${port}/start`, { method: "POST" })).status).toBe(204);
    expect(await (await fetch(`http://127.0.0.1:${port}/archive`, { method: "HEAD" })).text()).toBe("");
  });

  it("answers 400 to what is no HTTP, and lives on", async () => {
    const port = await listen([echo]);
    const socket = net.connect(port, "127.0.0.1");
    socket.write("\x16\x03\x01nonsense\r\n\r\n");
    let text = "";
    for await (const part of socket) text += part;
    expect(text).toContain("400 Bad Request");
    const headers = { "content-type": "application/json" };
    expect((await fetch(`http://127.0.0.1:${port}/echo`, { method: "POST", body: "{}", headers })).status).toBe(200);
  });
});
