/** One HTTP/1.0 request on a fresh connection: enough to see who answers, and what. */
import type { HttpAnswer } from "../../lessons/checks/index.ts";
import { type ByteDuplex, GuestError } from "../engine/ports/guest.ts";
import type { Clock } from "../engine/ports/host.ts";

const patience = 2000;
const largest = 64 * 1024;

export async function ask(
  connect: () => Promise<ByteDuplex>,
  request: { readonly host: string; readonly path: string },
  clock: Clock,
): Promise<HttpAnswer> {
  let connection: ByteDuplex | undefined;
  let cancel = (): void => {};
  const timeout = new Promise<"timeout">((resolve) => {
    cancel = clock.after(patience, () => resolve("timeout"));
  });
  try {
    const exchange = (async (): Promise<HttpAnswer> => {
      connection = await connect();
      const writer = connection.writable.getWriter();
      await writer.write(
        new TextEncoder().encode(
          `GET ${request.path.replaceAll(/[\s]/g, "%20")} HTTP/1.0\r\nHost: ${request.host}\r\nUser-Agent: drydock-lesson\r\nConnection: close\r\n\r\n`,
        ),
      );
      return parse(await readAll(connection.readable));
    })();
    const answer = await Promise.race([exchange, timeout]);
    if (answer !== "timeout") return answer;
    exchange.catch(() => undefined);
    return { kind: "silent" };
  } catch (error) {
    if (error instanceof GuestError) return { kind: "refused" };
    return { kind: "silent" };
  } finally {
    cancel();
    connection?.readable.cancel().catch(() => undefined);
    connection?.writable.abort().catch(() => undefined);
  }
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    while (text.length < largest) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    reader.releaseLock();
  }
  return text;
}

function parse(text: string): HttpAnswer {
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1];
  if (status === undefined) return { kind: text === "" ? "refused" : "silent" };
  const end = text.indexOf("\r\n\r\n");
  return { kind: "answer", status: Number(status), body: end < 0 ? "" : text.slice(end + 4) };
}
