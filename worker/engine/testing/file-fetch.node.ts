import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Fetch } from "../ports/host.ts";

/** A static host over a folder, named "site": GET and HEAD, byte ranges unless told otherwise, no media types. Other hosts are out of reach. */
export function folderFetch(
  folder: string,
  options: { readonly ranges?: boolean } = {},
): Fetch & { readonly requests: string[] } {
  const requests: string[] = [];
  const fetch: Fetch = async (url, init = {}) => {
    if (new URL(url).host !== "site") throw new TypeError(`dial tcp: lookup ${new URL(url).hostname}: no such host`);
    const path = join(folder, decodeURIComponent(new URL(url).pathname));
    const range = /^bytes=(\d+)-(\d*)$/.exec(init.headers?.range ?? "");
    requests.push(`${init.method ?? "GET"} ${new URL(url).pathname}${range ? ` ${range[0]}` : ""}`);
    const info = await stat(path).catch(() => undefined);
    if (info === undefined || !info.isFile()) return new Response("not found", { status: 404 });
    if (init.method === "HEAD") return new Response(null, { headers: { "content-length": String(info.size) } });
    const ranged = range !== null && options.ranges !== false;
    const start = ranged ? Number(range[1]) : 0;
    const end = ranged && range[2] !== "" ? Math.min(Number(range[2]), info.size - 1) : info.size - 1;
    const body = info.size === 0 ? null : Readable.toWeb(createReadStream(path, { start, end }));
    return new Response(body as ReadableStream<Uint8Array<ArrayBuffer>> | null, { status: ranged ? 206 : 200 });
  };
  return Object.assign(fetch, { requests });
}
