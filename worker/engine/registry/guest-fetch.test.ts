import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { collectBytes } from "../bytes.ts";
import { type ByteDuplex, GuestError } from "../ports/guest.ts";
import { guestFetch } from "./guest-fetch.ts";

/** A server that gathers the request until `until` appears, then sends its answer in pieces and closes. */
function server(answer: readonly string[], until = "\r\n\r\n") {
  const connections: string[] = [];
  let request = "";
  const connect = async (address: { kind: string; host?: string; port?: number }): Promise<ByteDuplex> => {
    connections.push(`${address.host}:${address.port}`);
    request = "";
    const toClient = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 100 });
    const writer = toClient.writable.getWriter();
    let answered = false;
    return {
      readable: toClient.readable,
      writable: new WritableStream({
        async write(chunk) {
          request += new TextDecoder().decode(chunk);
          if (answered || !request.includes(until)) return;
          answered = true;
          for (const piece of answer) writer.write(new TextEncoder().encode(piece)).catch(() => undefined);
          writer.close().catch(() => undefined);
        },
      }),
    };
  };
  return { fetch: guestFetch({ connect: connect as never }), connections, request: () => request };
}

describe("HTTP into the machine", () => {
  it("asks and reads an answer of known length, in any pieces", async () => {
    const { fetch, connections, request } = server([
      "HTTP/1.1 200 OK\r\nContent-Le",
      "ngth: 5\r\nX-A: b\r\n\r\nhe",
      "llo",
    ]);
    const response = await fetch("http://localhost:5000/v2/?a=b", { headers: { accept: "x/y" } });
    expect(await response.text()).toBe("hello");
    expect(response.headers.get("x-a")).toBe("b");
    expect(connections).toEqual(["127.0.0.1:5000"]);
    expect(request()).toMatch(/^GET \/v2\/\?a=b HTTP\/1\.1\r\nhost: localhost:5000\r\n[\s\S]*accept: x\/y\r\n/);
  });

  it("lets go of the signal with each answer: that of a pull has many", async () => {
    const { signal } = new AbortController();
    for (let i = 0; i < 12; i++) {
      const { fetch } = server(["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"]);
      expect(await (await fetch("http://localhost:5000/v2/", { signal })).text()).toBe("hello");
    }
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("reads chunks, and answers that end with the connection", async () => {
    const chunked = server([
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
      "2\r\nde\r\n0\r\n\r\n",
    ]);
    expect(await (await chunked.fetch("http://172.17.0.2/")).text()).toBe("abcde");
    const closed = server(["HTTP/1.1 200 OK\r\n\r\nuntil", " the end"]);
    expect(await (await closed.fetch("http://172.17.0.2/")).text()).toBe("until the end");
  });

  it("sends bodies as they come", async () => {
    const { fetch, request } = server(
      ["HTTP/1.1 202 Accepted\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n"],
      "0\r\n\r\n",
    );
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("one"));
        controller.enqueue(new TextEncoder().encode("four"));
        controller.close();
      },
    });
    const response = await fetch("http://localhost:5000/up", { method: "PATCH", body });
    expect(response.status).toBe(202);
    expect(request()).toContain("\r\n\r\n3\r\none\r\n4\r\nfour\r\n0\r\n\r\n");
  });

  it("follows redirects inside the machine, and reads a HEAD without a body", async () => {
    const { fetch, connections } = server(["HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"]);
    const response = await fetch("http://localhost:5000/blob", { method: "HEAD" });
    expect(response.headers.get("content-length")).toBe("99");
    expect(response.body).toBeNull();
    const loop = server([
      "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://10.0.0.1/x\r\nContent-Length: 0\r\n\r\n",
    ]);
    await loop.fetch("http://localhost/");
    expect(loop.connections.slice(0, 2)).toEqual(["127.0.0.1:80", "10.0.0.1:80"]);
    expect(connections).toHaveLength(1);
  });

  it("fails like fetch when nobody listens, and when an answer is cut off", async () => {
    const refused = guestFetch({
      connect: async () => {
        throw new GuestError({ errno: "ECONNREFUSED", stage: "socket", operation: "connect" });
      },
    });
    await expect(refused("http://localhost:5000/")).rejects.toThrow(
      "dial tcp 127.0.0.1:5000: connect: connection refused",
    );
    const cut = server(["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"]);
    const response = await cut.fetch("http://localhost/");
    await expect(collectBytes(response.body as ReadableStream<Uint8Array>)).rejects.toThrow("unexpected EOF");
  });
});
