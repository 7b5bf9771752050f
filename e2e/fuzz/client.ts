/** A client on a connection of its own: sends bytes, and takes what comes until the engine ends the connection or it goes away itself. */
import { HTTPParser } from "http-parser-js";
import { serveConnection } from "../../worker/api/http-server.ts";
import type { ApiTransport } from "../../worker/api/transport.ts";
import { duplexPair } from "../../worker/network/duplex-pair.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Conversation {
  /** Sends its end after the bytes, as who has no more to say. */
  readonly ends?: boolean;
  /** Goes away after so many milliseconds without a word. */
  readonly patience?: number;
}

/** All that the engine says. Resolves when the engine has let go of the connection. */
export async function converse(
  api: ApiTransport,
  pieces: readonly Uint8Array[],
  { ends = false, patience }: Conversation = {},
): Promise<Uint8Array> {
  const [ours, theirs] = duplexPair();
  const served = serveConnection(theirs, api);
  const writer = ours.writable.getWriter();
  const reader = ours.readable.getReader();
  const send = async (): Promise<void> => {
    for (const piece of pieces) await writer.write(piece);
    if (ends) await writer.close();
  };
  void send().catch(() => undefined);
  const heard: Uint8Array[] = [];
  const leave = (): void => {
    void writer.abort().catch(() => undefined);
    void reader.cancel().catch(() => undefined);
  };
  for (;;) {
    const timer = patience === undefined ? undefined : setTimeout(leave, patience);
    const part = await reader.read().catch(() => undefined);
    clearTimeout(timer);
    if (part?.value === undefined) break;
    heard.push(part.value);
  }
  leave();
  await served;
  return new Uint8Array(await new Blob(heard as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

class Chunk extends Uint8Array<ArrayBuffer> {
  override toString(_encoding?: string, start = 0, end = this.length): string {
    return new TextDecoder("latin1").decode(this.subarray(start, end));
  }
}

/** The answers among the bytes, as far as they are whole. */
export function answersIn(bytes: Uint8Array, methods: readonly string[]): readonly Answer[] {
  const answers: Answer[] = [];
  const decoder = new TextDecoder();
  let body: string[] = [];
  let head: { readonly status: number; readonly headers: Readonly<Record<string, string>> } | undefined;
  const parser = new HTTPParser(HTTPParser.RESPONSE);
  const done = (): void => {
    if (head !== undefined) answers.push({ ...head, body: body.join("") });
    head = undefined;
    body = [];
  };
  parser[HTTPParser.kOnHeadersComplete] = ({ statusCode, headers }) => {
    const named: Record<string, string> = {};
    for (let i = 0; i + 1 < headers.length; i += 2) named[String(headers[i]).toLowerCase()] = String(headers[i + 1]);
    if (statusCode >= 200 || statusCode === 101) head = { status: statusCode, headers: named };
    return methods[answers.length] === "HEAD" ? 1 : 0;
  };
  parser[HTTPParser.kOnBody] = (chunk, offset, length) =>
    void body.push(decoder.decode(new Uint8Array(chunk).subarray(offset, offset + length), { stream: true }));
  parser[HTTPParser.kOnMessageComplete] = done;
  parser.execute(new Chunk(bytes.slice().buffer) as never);
  done();
  return answers;
}
