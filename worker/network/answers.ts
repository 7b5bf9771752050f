/** Answers of the gateway's HTTP servers, from the catalogue's files and from servers outside. */
import type { ApiResponse } from "../api/transport.ts";

export const plain = (status: number, text: string): ApiResponse => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body: { kind: "text", text: `${text}\n` },
});

export const html = (text: string): ApiResponse => ({
  status: 200,
  headers: { "content-type": "text/html; charset=utf-8" },
  body: { kind: "text", text },
});

/** Of the connection to the server, not of what it said; a body that fetch hands on is unpacked already. */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "keep-alive",
  "proxy-authenticate",
  "set-cookie",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

export function relayed(response: Response): ApiResponse {
  const isPacked = response.headers.has("content-encoding");
  const headers = Object.fromEntries(
    [...response.headers].filter(
      ([name]) =>
        !hopByHop.has(name) && !(isPacked && name === "content-length") && !name.startsWith("access-control-"),
    ),
  );
  return {
    status: response.status,
    headers,
    body: response.body === null ? { kind: "empty" } : { kind: "stream", stream: response.body },
  };
}

/** A file of the catalogue; undefined when it has none. A single-page site may answer anything with its page: the type tells. */
export async function found(response: Promise<Response>, isPage = false): Promise<Response | undefined> {
  const answer = await response.catch(() => undefined);
  if (answer === undefined) return undefined;
  const isFallback = !isPage && (answer.headers.get("content-type") ?? "").startsWith("text/html");
  if (answer.ok && !isFallback) return answer;
  await answer.body?.cancel();
  return undefined;
}
