/** `--cache-from` and `--cache-to`: "type=…,key=value", or a reference alone, which is a registry's. */

import { parseCsv } from "../../go/csv.ts";
import { resolvePath } from "../config/config-file.ts";
import { unpackTar } from "../io/tar-unpack.ts";
import { readBytes } from "../session/client.ts";
import type { Context } from "../session/context.ts";
import { failed, unsupported } from "./failed.ts";
import type { Result } from "./status.ts";

export type CacheSource =
  | { readonly type: "local"; readonly prefix: string; readonly tag: string }
  | { readonly type: "registry"; readonly ref: string };
export type CacheTarget =
  | { readonly type: "inline" }
  | { readonly type: "local"; readonly mode: string; readonly tag: string; readonly path: string }
  | { readonly type: "registry"; readonly mode: string; readonly ref: string };

function fieldsOf(text: string): Readonly<Record<string, string>> {
  if (!text.includes("=")) return { type: "registry", ref: text };
  return Object.fromEntries(
    parseCsv(text).map((field) => [field.split("=", 1)[0]?.toLowerCase() ?? "", field.slice(field.indexOf("=") + 1)]),
  );
}

/** Folders are to be sent along, by their place in the context's tar. */
export function cacheSources(given: readonly string[]): {
  readonly sources: readonly CacheSource[];
  readonly folders: ReadonlyMap<string, string>;
} {
  const folders = new Map<string, string>();
  const sources = given.map((text): CacheSource => {
    const { type = "", ref = "", src = "", tag = "latest" } = fieldsOf(text);
    if (type === "registry" && ref !== "") return { type, ref };
    if (type === "local" && src !== "") {
      const prefix = `caches/${folders.size}/`;
      folders.set(prefix, src);
      return { type, prefix, tag };
    }
    if (type === "local") throw failed("local cache importer requires src");
    if (type === "registry") throw failed("registry cache importer requires ref");
    throw failed(`failed to solve: unknown cache importer: ${type}`);
  });
  return { sources, folders };
}

export function cacheTargets(given: readonly string[]): readonly CacheTarget[] {
  return given.map((text): CacheTarget => {
    const { type = "", ref = "", dest = "", tag = "latest", mode = "min" } = fieldsOf(text);
    if (mode !== "min" && mode !== "max") throw failed(`failed to solve: invalid cache export mode: ${mode}`);
    if (type === "inline") return { type };
    if (type === "registry" && ref !== "") return { type, mode, ref };
    if (type === "local" && dest !== "") return { type, mode, tag, path: dest };
    if (type === "local") throw failed("local cache exporter requires dest");
    if (type === "registry") throw failed("registry cache exporter requires ref");
    throw unsupported("Cache export", "caches");
  });
}

/** Writes a local cache's folder. */
export async function deliverCache(context: Context, target: CacheTarget, { ref }: Result): Promise<void> {
  if (target.type !== "local") return;
  const { client, invocation } = context;
  const directory = resolvePath(invocation.cwd, target.path);
  await invocation.files.mkdir(directory, { parents: true, mode: 0o755 });
  const answer = await client.call("GET", `/drydock/builds/${ref}/cache`, { query: { tag: target.tag } });
  await unpackTar(invocation.files, readBytes(answer), directory, undefined);
}
