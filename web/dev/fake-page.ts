/** A web server of a few lines: one request a connection, an echo, events, a WebSocket. */
import { encodeFrame, opcodes } from "../preview/websocket-frames.ts";

export interface FakeConnection {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export function fakePage(port: number): FakeConnection {
  let output: ReadableStreamDefaultController<Uint8Array> | undefined;
  let request = "";
  let socket = false;
  let cookies = "";
  let answered = false;

  const send = (status: string, headers: readonly string[], body: string): void => {
    output?.enqueue(
      utf8(
        `HTTP/1.1 ${status}\r\n${headers.join("\r\n")}\r\nContent-Length: ${utf8(body).length}\r\nConnection: close\r\n\r\n${body}`,
      ),
    );
    output?.close();
  };

  const answer = async (): Promise<void> => {
    const [head = "", body = ""] = request.split("\r\n\r\n");
    const [method = "GET", path = "/"] = head.split(" ");
    const header = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, "im").exec(head)?.[1];
    if (header("upgrade") === "websocket") {
      socket = true;
      cookies = header("cookie") ?? "";
      const digest = await crypto.subtle.digest(
        "SHA-1",
        utf8(`${header("sec-websocket-key")}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`) as Uint8Array<ArrayBuffer>,
      );
      const accept = btoa(String.fromCharCode(...new Uint8Array(digest)));
      output?.enqueue(
        utf8(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        ),
      );
    } else if (path === "/style.css")
      send("200 OK", ["Content-Type: text/css"], "body { font: 16px/24px serif; margin: 32px; color: #222 }");
    else if (path === "/echo")
      send(
        "200 OK",
        ["Content-Type: text/plain"],
        `${head.replace(/^[\w-]+(?=:)/gm, (name) => name.toLowerCase())}\n\n${body}`,
      );
    else if (path === "/redirect") send("302 Found", [`Location: http://localhost:${port}/landed`], "");
    else if (path === "/login")
      send("200 OK", ["Content-Type: text/plain", "Set-Cookie: session=secret; Path=/; HttpOnly"], "in");
    else if (path === "/report.csv")
      send(
        "200 OK",
        ["Content-Type: text/csv", 'Content-Disposition: attachment; filename="report.csv"'],
        "name,count\nweb,1\n",
      );
    else if (path === "/events") {
      output?.enqueue(utf8("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"));
      for (let index = 0; index < 3; index += 1) {
        const text = `data: ${index}\n\n`;
        output?.enqueue(utf8(`${text.length.toString(16)}\r\n${text}\r\n`));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    } else {
      const safe = path.replace(/[<&]/g, "");
      send(
        "200 OK",
        ["Content-Type: text/html", "Set-Cookie: seen=1; Path=/"],
        `<!doctype html><html lang="en"><title>Fake ${port}</title><link rel="stylesheet" href="/style.css"><h1>Welcome to port ${port}</h1><p>${method} ${safe}</p><a href="/next">Next</a> <a href="/report.csv">Report</a> <a href="/style.css" download="taken.css">Take</a></html>`,
      );
    }
  };

  /** The client's frames are short and masked: the text comes back with a word before it. */
  const echo = (frame: Uint8Array): void => {
    if ((frame[0] ?? 0) !== (0x80 | opcodes.text)) return;
    const length = (frame[1] ?? 0) & 0x7f;
    const text = new TextDecoder().decode(
      Uint8Array.from(frame.subarray(6, 6 + length), (byte, index) => byte ^ (frame[2 + (index % 4)] ?? 0)),
    );
    const answer = utf8(text === "cookies" ? cookies : `echo: ${text}`);
    const masked = encodeFrame(opcodes.text, answer);
    const size = (masked[1] ?? 0) & 0x7f;
    // A server's frames are not masked.
    output?.enqueue(Uint8Array.from([masked[0] ?? 0, size, ...answer]));
  };

  return {
    readable: new ReadableStream({
      start(controller) {
        output = controller;
      },
    }),
    writable: new WritableStream({
      async write(bytes) {
        if (socket) {
          echo(bytes);
          return;
        }
        request += new TextDecoder().decode(bytes);
        const [head, body = ""] = request.split("\r\n\r\n");
        if (answered || !request.includes("\r\n\r\n")) return;
        if (body.length < Number(/content-length: (\d+)/i.exec(head ?? "")?.[1] ?? 0)) return;
        answered = true;
        await answer();
      },
    }),
  };
}
