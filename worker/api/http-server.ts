/**
 * Puts an ApiTransport on a byte stream as HTTP/1.1: keep-alive, chunked bodies both ways, and connections that are taken over
 * (attach, exec, session). One connection answers one request at a time, in order, as moby's does.
 */
import type { ByteDuplex } from "../engine/ports/guest.ts";
import { engineHeaders } from "./http/identity.ts";
import { BadRequest, type Head, Input } from "./http/input.ts";
import { Sender } from "./http/sender.ts";
import { takeOver, takeOverFramed } from "./http/takeover.ts";
import type { ApiRequest, ApiResponse, ApiTransport } from "./transport.ts";

const encoder = new TextEncoder();

/** Serves one connection until either side ends it. Rejects never. `identity` is said in each answer. */
export async function serveConnection(
  connection: ByteDuplex,
  api: ApiTransport,
  identity: Readonly<Record<string, string>> = engineHeaders,
): Promise<void> {
  const input = new Input(connection.readable);
  const writer = connection.writable.getWriter();
  writer.closed.catch(() => input.disconnect());
  try {
    for (;;) {
      const head = await input.head();
      if (head === undefined) break;
      const proceed = await answer(head, input, writer, api, identity);
      if (!proceed) break;
    }
  } catch (error) {
    if (error instanceof BadRequest)
      await writer
        .write(
          encoder.encode(
            `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request`,
          ),
        )
        .catch(() => undefined);
  } finally {
    // The writing side first: cancelling the reader may reset the connection and lose what is on its way.
    await writer.close().catch(() => undefined);
    input.disconnect();
  }
}

const methods: ReadonlySet<string> = new Set(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"]);

/** Answers one request; false when the connection is used up. */
async function answer(
  head: Head,
  input: Input,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  api: ApiTransport,
  identity: Readonly<Record<string, string>>,
): Promise<boolean> {
  if (head.headers.expect?.toLowerCase() === "100-continue" && head.hasBody)
    await writer.write(encoder.encode("HTTP/1.1 100 Continue\r\n\r\n"));
  if (!head.hasBody) input.watch();
  const response: ApiResponse = methods.has(head.method)
    ? await api.request({
        method: head.method as ApiRequest["method"],
        path: head.url,
        headers: head.headers,
        signal: input.signal,
        ...(head.hasBody ? { body: { kind: "stream", stream: input.body() } } : {}),
      })
    : { status: 405, headers: {}, body: { kind: "json", value: { message: "method not allowed" } } };

  if (response.body.kind === "upgrade") {
    if (response.body.protocol === "websocket") await takeOverFramed(head, input, writer, response.body.stream);
    else await takeOver(head, input, writer, response.body.stream, response.headers);
    return false;
  }
  // A body that the handler left unread would be taken for the next request, and so would what speaks the protocol that was refused.
  const keep = head.keepAlive && !head.wantsUpgrade && (!head.hasBody || input.complete);
  const send = new Sender(writer, identity, head.method === "HEAD", keep);
  await send.response(response, input.signal);
  if (head.hasBody) await input.discardBody();
  return keep;
}
