/** Bodies of what registries answer: no more of one than its kind can have, and failures in the words of Go's net/http. */
import { EngineError } from "../errors.ts";

/** Of JSON that is no manifest: tokens, errors, a page of tags, results of a search. */
const maxJson = 4 << 20;

/** All bytes; `undefined` when there are more than `limit`. */
export async function bodyBytes(
  response: Response,
  limit: number,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for (;;) {
    const { done = true, value } = (await reader?.read().catch((cause) => brokenOff(cause, signal))) ?? {};
    if (done || value === undefined) break;
    length += value.length;
    if (length > limit) {
      await reader?.cancel().catch(() => undefined);
      return undefined;
    }
    pieces.push(value as Uint8Array<ArrayBuffer>);
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

export async function bodyJson(response: Response, signal?: AbortSignal): Promise<unknown> {
  const bytes = await bodyBytes(response, maxJson, signal);
  const failure = `error parsing HTTP ${response.status} response body`;
  if (bytes === undefined) throw new EngineError("system", `${failure}: it is too large`);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new EngineError("system", `${failure}: it is no JSON`, { cause });
  }
}

/** The connection ended before its answer. */
export function brokenOff(cause: unknown, signal: AbortSignal | undefined): never {
  if (signal?.aborted === true) throw signal.reason;
  throw cause instanceof EngineError ? cause : new EngineError("system", "unexpected EOF", { cause });
}
