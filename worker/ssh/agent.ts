/**
 * An SSH agent over keys that it was given once and for all (draft-miller-ssh-agent): it lists them and signs with them. As the one that
 * buildx brings to a build, it lets nobody add, remove or lock anything.
 */
import { concat } from "../asn1/der.ts";
import type { PrivateKey } from "./private-key.ts";
import { sign } from "./signature.ts";
import { Reader, string, uint32 } from "./wire.ts";

export interface AgentConnection {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

const request = { identities: 11, sign: 13, extension: 27 } as const;
const response = { failure: 5, identities: 12, signature: 14, extensionFailure: 28 } as const;
/** OpenSSH's AGENT_MAX_LEN. */
const maxMessage = 256 << 10;

/** Answers one request after the other, until the client goes or says what is no message. */
export async function serveAgent(keys: readonly PrivateKey[], { readable, writable }: AgentConnection): Promise<void> {
  const writer = writable.getWriter();
  try {
    for await (const message of messagesOf(readable)) await writer.write(string(await answer(keys, message)));
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
  }
}

async function* messagesOf(readable: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = readable.getReader();
  let held = new Uint8Array(0);
  try {
    for (;;) {
      const length = held.length < 4 ? undefined : new Reader(held).uint32();
      if (length !== undefined && (length === 0 || length > maxMessage)) throw new Error("agent: bad message length");
      if (length !== undefined && held.length >= 4 + length) {
        yield held.subarray(4, 4 + length);
        held = held.subarray(4 + length);
        continue;
      }
      const { value, done } = await reader.read();
      if (done) return;
      held = new Uint8Array(concat([held, value]));
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function answer(keys: readonly PrivateKey[], message: Uint8Array): Promise<Uint8Array> {
  const failure = Uint8Array.of(response.failure);
  switch (message[0]) {
    case request.identities:
      return concat([
        Uint8Array.of(response.identities),
        uint32(keys.length),
        ...keys.flatMap(({ publicKey }) => [string(publicKey), string("")]),
      ]);
    case request.sign:
      return (await signature(keys, message).catch(() => undefined)) ?? failure;
    case request.extension:
      return Uint8Array.of(response.extensionFailure);
    default:
      return failure;
  }
}

async function signature(keys: readonly PrivateKey[], message: Uint8Array): Promise<Uint8Array | undefined> {
  const asked = new Reader(message.subarray(1));
  const [name, data, flags] = [asked.string(), asked.string(), asked.uint32()];
  const key = keys.find(({ publicKey }) => equal(publicKey, name));
  return key && concat([Uint8Array.of(response.signature), string(await sign(key, data, flags))]);
}

const equal = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => b[index] === byte);
