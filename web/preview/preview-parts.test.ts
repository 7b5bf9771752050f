import { describe, expect, it } from "vitest";
import { CookieJar, parseSetCookie, pathMatches } from "./cookie-jar.ts";
import { type HttpBody, HttpConnection, NoAnswer, parseHead, sendRequest } from "./http-client.ts";
import { portOfHost, previewHost, previewId } from "./origin.ts";
import { localPath } from "./sandboxed.ts";
import { encodeFrame, FrameParser, opcodes } from "./websocket-frames.ts";

function server(answer: string, cut = 7) {
  let sent = "";
  const bytes = new TextEncoder().encode(answer);
  return {
    sent: () => sent,
    stream: {
      readable: new ReadableStream<Uint8Array>({
        start(controller) {
          for (let at = 0; at < bytes.length; at += cut) controller.enqueue(bytes.slice(at, at + cut));
          controller.close();
        },
      }),
      writable: new WritableStream<Uint8Array>({
        write(chunk) {
          sent += new TextDecoder().decode(chunk);
        },
      }),
    },
  };
}
const get = { method: "GET", target: "/", host: "localhost:8080", headers: [] } as const;
const text = (body: HttpBody): Promise<string> => new Response(body).text();

describe("HTTP over a byte stream", () => {
  it("reads a body of known length", async () => {
    const { stream, sent } = server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello and more");
    const response = await sendRequest(stream, get);
    expect([response.status, await text(response.body)]).toEqual([200, "hello"]);
    expect(sent()).toContain("GET / HTTP/1.1\r\nHost: localhost:8080\r\n");
  });

  it("streams a large body", async () => {
    const { stream } = server(`HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${"x".repeat(100_000)}`, 9000);
    const { body } = await sendRequest(stream, get);
    expect(body).toBeInstanceOf(ReadableStream);
    expect(await text(body)).toBe("x".repeat(100_000));
  });

  it("joins chunks, and passes trailers over", async () => {
    const { stream } = server(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n6;x=y\r\npedia \r\n0\r\nT: x\r\n\r\n",
    );
    expect(await text((await sendRequest(stream, get)).body)).toBe("Wikipedia ");
  });

  it("reads to the end of the connection when there is no length", async () => {
    expect(await text((await sendRequest(server("HTTP/1.0 200 OK\r\n\r\nall of it").stream, get)).body)).toBe(
      "all of it",
    );
  });

  it("passes over what stands before the answer", async () => {
    const { stream } = server("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
    expect((await sendRequest(stream, get)).status).toBe(204);
  });

  it("fails on a cut body, on no answer, and on what is not HTTP", async () => {
    const cut = (length: number) =>
      sendRequest(server(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\nhello`).stream, get);
    await expect(cut(50)).rejects.toThrow("closed the connection within");
    await expect(text((await cut(5_000_000)).body)).rejects.toThrow("closed the connection within");
    await expect(sendRequest(server("").stream, get)).rejects.toThrow("without an answer");
    await expect(sendRequest(server("SSH-2.0-OpenSSH_9.2\r\n\r\n").stream, get)).rejects.toThrow("not HTTP");
    expect(() => parseHead("HTTP/1.1 200 OK\r\nbroken")).toThrow("malformed header");
  });

  it("keeps a connection whose answer's end was known, and no other", async () => {
    const idle: HttpConnection[] = [];
    const connection = new HttpConnection(
      server(
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\noneHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\nrest",
      ).stream,
      {
        keepAlive: true,
        onIdle: (each) => void idle.push(each),
      },
    );
    expect(await text((await connection.send(get)).body)).toBe("one");
    expect(await text((await connection.send(get)).body)).toBe("two");
    expect(idle.length).toBe(2);
    expect(await text((await connection.send(get)).body)).toBe("rest");
    expect(idle.length).toBe(2);
    await expect(connection.send(get)).rejects.toBeInstanceOf(NoAnswer);
  });

  it("lets go of a connection that the server closes", async () => {
    const idle: HttpConnection[] = [];
    const connection = new HttpConnection(
      server("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok").stream,
      {
        keepAlive: true,
        onIdle: (each) => void idle.push(each),
      },
    );
    expect(await text((await connection.send(get)).body)).toBe("ok");
    expect(idle).toEqual([]);
  });

  it("sends a body, and no header that would end the head early", async () => {
    const { stream, sent } = server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    await sendRequest(stream, {
      ...get,
      method: "POST",
      headers: [
        ["X-Bad", "a\r\nInjected: yes"],
        ["Connection", "keep-alive"],
      ],
      body: new TextEncoder().encode("body"),
    });
    expect(sent()).toContain("Content-Length: 4\r\n\r\nbody");
    expect(sent()).not.toContain("Injected");
    expect(sent()).not.toContain("keep-alive");
  });
});

describe("the cookie jar", () => {
  it("keeps cookies by name and path, sends the longer path first, and drops what has expired", () => {
    const jar = new CookieJar();
    jar.take(["a=1; Path=/", "b=2; Path=/app; HttpOnly", "c=3; Max-Age=10; Path=/"], "/", 1000);
    expect(jar.header("/app/x", 1000)).toBe("b=2; a=1; c=3");
    expect(jar.header("/", 12_000)).toBe("a=1");
    jar.take(["a=; Max-Age=0; Path=/"], "/", 1000);
    expect(jar.header("/", 1000)).toBe("c=3");
  });

  it("takes the request's directory for a cookie without path, and no cookie without name", () => {
    expect(parseSetCookie("a=1", "/shop/cart", 0)?.path).toBe("/shop");
    expect(parseSetCookie("=1", "/", 0)).toBeUndefined();
    expect(pathMatches("/a", "/ab")).toBe(false);
    expect(pathMatches("/a", "/a/b")).toBe(true);
  });
});

describe("cookies of scripts", () => {
  it("are taken, and neither make nor replace one that is HttpOnly", () => {
    const jar = new CookieJar();
    jar.take(["session=secret; HttpOnly; Path=/", "theme=light; Path=/"], "/", 0);
    expect(jar.visible.map(({ name }) => name)).toEqual(["theme"]);
    expect(jar.takeFromScript("theme=dark; path=/", "/", 0)).toBe(true);
    expect(jar.takeFromScript("session=forged; path=/", "/", 0)).toBe(false);
    expect(jar.takeFromScript("own=1; HttpOnly", "/", 0)).toBe(false);
    expect(jar.header("/", 0)).toBe("session=secret; theme=dark");
  });
});

describe("a preview's address", () => {
  it("is a host of its own in development, and one of the wildcard's when deployed", () => {
    const id = previewId(8080, "k3v9x2");
    const site = (hostname: string, port = "", protocol = "http:") => ({ protocol, hostname, port });
    const own = (origin: string) => ({ origin, shared: false });
    expect(previewHost(site("localhost", "4000"), id, undefined)).toEqual(own("http://p8080-k3v9x2.localhost:4000"));
    expect(previewHost(site("drydock.localhost"), id, undefined)).toEqual(own("http://p8080-k3v9x2.drydock.localhost"));
    const deployed = site("drydock.example", "", "https:");
    expect(previewHost(deployed, id, "*.preview.example")).toEqual(own("https://p8080-k3v9x2.preview.example"));
    expect(previewHost(deployed, id, undefined)).toBeUndefined();
  });

  it("is the one spare host where there is no wildcard, and never the app's own", () => {
    const deployed = { protocol: "https:", hostname: "drydock.example", port: "" };
    expect(previewHost(deployed, "p80-abcd", "spare.example")).toEqual({
      origin: "https://spare.example",
      shared: true,
    });
    expect(previewHost(deployed, "p80-abcd", "drydock.example")).toBeUndefined();
  });

  it("tells the port, and the app's own hosts from a preview's", () => {
    expect(portOfHost("p8080-k3v9x2.localhost")).toBe(8080);
    expect(portOfHost("localhost")).toBeUndefined();
    expect(portOfHost("drydock.localhost")).toBeUndefined();
  });

  it("follows links to the same server only", () => {
    expect(localPath("../b?c=1", "/a/x", 8080)).toBe("/b?c=1");
    expect(localPath("https://elsewhere.example/", "/", 8080)).toBeUndefined();
    expect(localPath("javascript:alert(1)", "/", 8080)).toBeUndefined();
  });
});

describe("WebSocket frames", () => {
  const unmasked = (frame: Uint8Array): Uint8Array => {
    const size = frame[1] === undefined ? 0 : frame[1] & 0x7f;
    const extended = size === 126 ? 2 : size === 127 ? 8 : 0;
    const mask = frame.subarray(2 + extended, 6 + extended);
    const payload = frame.subarray(6 + extended).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    return Uint8Array.from([frame[0] ?? 0, size, ...frame.subarray(2, 2 + extended), ...payload]);
  };

  it.each([0, 1, 125, 126, 65_535, 65_536])("come back as they were sent, %i bytes", (length) => {
    const payload = new Uint8Array(length).map((_, index) => index);
    const [message] = new FrameParser().push(unmasked(encodeFrame(opcodes.binary, payload)));
    expect(message?.payload).toEqual(payload);
  });

  it("are joined when they come in fragments, with a ping in between", () => {
    const parser = new FrameParser();
    const bytes = Uint8Array.from([0x01, 2, 65, 66, 0x89, 0, 0x80, 1, 67]);
    const messages = [...bytes].flatMap((byte) => parser.push(Uint8Array.of(byte)));
    expect(messages.map(({ opcode, payload }) => [opcode, new TextDecoder().decode(payload)])).toEqual([
      [opcodes.ping, ""],
      [opcodes.text, "ABC"],
    ]);
  });

  it("are refused when they are too large or masked", () => {
    expect(() => new FrameParser().push(Uint8Array.from([0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0]))).toThrow("too large");
    expect(() => new FrameParser().push(Uint8Array.from([0x82, 0x81, 0, 0, 0, 0, 0]))).toThrow("masked");
  });
});
