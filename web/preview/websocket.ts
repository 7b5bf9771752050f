/** WebSocket (RFC 6455) over a byte stream of the service worker's, with the browser's own interface. */
import { portReadable, portWritable } from "../../worker/protocol/port-stream.ts";
import type { PreviewSignal } from "./messages.ts";
import { encodeFrame, FrameParser, opcodes } from "./websocket-frames.ts";

type State = 0 | 1 | 2 | 3;

export class BridgedWebSocket extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;
  readonly url: string;
  readonly extensions = "";
  protocol = "";
  binaryType: BinaryType = "blob";
  readyState: State = 0;
  bufferedAmount = 0;
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #closing: { readonly code: number; readonly reason: string } | undefined;

  constructor(
    url: string | URL,
    { port, protocols = [] }: { readonly port: number; readonly protocols?: string | readonly string[] },
  ) {
    super();
    const target = new URL(url, location.href);
    this.url = target.href.replace(/^http/, "ws");
    const down = new MessageChannel();
    const up = new MessageChannel();
    const names = typeof protocols === "string" ? [protocols] : protocols;
    const key = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
    const head = [
      `GET ${target.pathname}${target.search} HTTP/1.1`,
      `Host: localhost:${port}`,
      `Origin: http://localhost:${port}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${key}`,
      ...(names.length === 0 ? [] : [`Sec-WebSocket-Protocol: ${names.join(", ")}`]),
    ];
    // The service worker adds the cookies: those that are HttpOnly are not for this page's scripts.
    const request = { type: "drydock-preview-connect", path: target.pathname, head } satisfies PreviewSignal;
    navigator.serviceWorker.controller?.postMessage(request, [down.port2, up.port2]);
    this.#writer = portWritable<Uint8Array>(up.port1).getWriter();
    void this.#run(key, portReadable<Uint8Array>(down.port1)).catch(() => this.#end(1006, "", true));
  }

  async #run(key: string, readable: ReadableStream<Uint8Array>): Promise<void> {
    const reader = readable.getReader();
    let text = "";
    let rest = new Uint8Array(0);
    for (;;) {
      const { done, value } = await reader.read();
      if (done || text.length > 32_768) throw new Error("no answer");
      text += new TextDecoder("latin1").decode(value);
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) continue;
      rest = Uint8Array.from(text.slice(end + 4), (char) => char.charCodeAt(0));
      text = text.slice(0, end);
      break;
    }
    if (!/^HTTP\/1\.1 101 /.test(text) || acceptOf(text) !== (await expectedAccept(key))) throw new Error("refused");
    this.protocol = /^sec-websocket-protocol:\s*(\S+)/im.exec(text)?.[1] ?? "";
    this.readyState = 1;
    this.#fire(new Event("open"));
    const parser = new FrameParser();
    for (let chunk: Uint8Array | undefined = rest; chunk !== undefined; chunk = (await reader.read()).value)
      for (const message of parser.push(chunk)) if (!(await this.#take(message.opcode, message.payload))) return;
    this.#end(1006, "", this.#closing === undefined);
  }

  /** False when the connection is over. */
  async #take(opcode: number, payload: Uint8Array<ArrayBuffer>): Promise<boolean> {
    switch (opcode) {
      case opcodes.text:
        this.#fire(
          new MessageEvent("message", { data: new TextDecoder().decode(payload), origin: new URL(this.url).origin }),
        );
        return true;
      case opcodes.binary:
        this.#fire(
          new MessageEvent("message", {
            data: this.binaryType === "blob" ? new Blob([payload]) : payload.slice().buffer,
            origin: new URL(this.url).origin,
          }),
        );
        return true;
      case opcodes.ping:
        await this.#writer.write(encodeFrame(opcodes.pong, payload));
        return true;
      case opcodes.close: {
        const code = payload.length >= 2 ? new DataView(payload.buffer, payload.byteOffset).getUint16(0) : 1005;
        if (this.#closing === undefined)
          await this.#writer.write(encodeFrame(opcodes.close, payload.subarray(0, 2))).catch(() => {});
        this.#end(code, new TextDecoder().decode(payload.subarray(2)), false);
        return false;
      }
      default:
        return true;
    }
  }

  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    if (this.readyState === 0) throw new DOMException("Still in CONNECTING state.", "InvalidStateError");
    if (this.readyState !== 1) return;
    void this.#send(data).catch(() => {});
  }

  async #send(data: string | ArrayBufferLike | Blob | ArrayBufferView): Promise<void> {
    if (typeof data === "string") await this.#writer.write(encodeFrame(opcodes.text, new TextEncoder().encode(data)));
    else if (data instanceof Blob)
      await this.#writer.write(encodeFrame(opcodes.binary, new Uint8Array(await data.arrayBuffer())));
    else if (ArrayBuffer.isView(data))
      await this.#writer.write(
        encodeFrame(opcodes.binary, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
      );
    else await this.#writer.write(encodeFrame(opcodes.binary, new Uint8Array(data)));
  }

  close(code = 1000, reason = ""): void {
    if (this.readyState >= 2) return;
    this.readyState = 2;
    this.#closing = { code, reason };
    const text = new TextEncoder().encode(reason);
    const payload = new Uint8Array(2 + text.length);
    new DataView(payload.buffer).setUint16(0, code);
    payload.set(text, 2);
    void this.#writer.write(encodeFrame(opcodes.close, payload)).catch(() => {});
    setTimeout(() => this.#end(code, reason, false), 3000);
  }

  #end(code: number, reason: string, failed: boolean): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    void this.#writer.close().catch(() => {});
    if (failed) this.#fire(new Event("error"));
    this.#fire(new CloseEvent("close", { code, reason, wasClean: !failed }));
  }

  #fire(event: Event): void {
    const handler = this[`on${event.type}` as "onopen"];
    handler?.call(this as unknown as WebSocket, event as never);
    this.dispatchEvent(event);
  }
}

const acceptOf = (head: string): string | undefined => /^sec-websocket-accept:\s*(\S+)/im.exec(head)?.[1];

async function expectedAccept(key: string): Promise<string> {
  const digest = await crypto.subtle.digest(
    "SHA-1",
    new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`),
  );
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}
