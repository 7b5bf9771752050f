/** What Node offers the engine: its clock, its network, and the repository's own files as a catalogue of images. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import type { Clock, Fetch } from "./engine/ports/host.ts";

export const repository = fileURLToPath(new URL("..", import.meta.url));
export const buildPath = (...parts: readonly string[]): string => join(repository, "build", ...parts);

export const nodeClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** The catalogue lies in files: built images first, then those of the repository. */
export const catalogueBase = "http://catalogue.drydock.invalid";
const catalogueFolders = [buildPath("catalogue"), join(repository, "guest-image/prebuilt/images")];

/** The host's network, with the catalogue in it. */
export const repositoryFetch: Fetch = async (url, init = {}) => {
  if (url.startsWith(`${catalogueBase}/`))
    return catalogueAnswer(url.slice(catalogueBase.length + 1), init.headers ?? {});
  const { body, ...rest } = init;
  return await fetch(url, {
    ...rest,
    ...(body === undefined
      ? {}
      : { body: body as BodyInit, ...(body instanceof ReadableStream ? { duplex: "half" } : {}) }),
  } as RequestInit);
};

async function catalogueAnswer(path: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  const relative = normalize(decodeURIComponent(path.replace(/\?.*$/, "")));
  const file = catalogueFolders.map((folder) => join(folder, relative)).find((name) => existsSync(name));
  if (file === undefined || relative.startsWith("..")) return new Response("not found", { status: 404 });
  const content = new Uint8Array(await readFile(file));
  const range = /^bytes=(\d+)-(\d*)$/i.exec(headers.range ?? headers.Range ?? "");
  if (range === null) return new Response(content);
  const start = Number(range[1]);
  const end = range[2] === "" ? content.length : Math.min(content.length, Number(range[2]) + 1);
  return new Response(content.subarray(start, end), {
    status: 206,
    headers: { "content-range": `bytes ${start}-${end - 1}/${content.length}` },
  });
}
