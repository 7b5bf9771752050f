/** Finds where a path leads inside a root, following symbolic links as the container itself would, never out of it. */
import { EngineError } from "../errors.ts";
import type { BatchContext, FileStat, Guest } from "../ports/guest.ts";
import { cleanPath } from "./mount-specs.ts";

const mostLinks = 40;

export interface Resolved {
  /** Absolute inside the root, without links but perhaps the last. */
  readonly path: string;
  readonly stat: FileStat;
}

/** `undefined` when it does not exist. With `follow` false the last component may be a link. */
export async function resolveInRoot(
  guest: Guest,
  context: BatchContext,
  path: string,
  follow = true,
): Promise<Resolved | undefined> {
  let wanted = cleanPath(path);
  for (let links = 0; links < mostLinks; links++) {
    const parts = wanted.split("/").filter(Boolean);
    const prefixes = parts.map((_, i) => `/${parts.slice(0, i + 1).join("/")}`);
    if (prefixes.length === 0) prefixes.push("/");
    const stats = (await guest.batch(
      prefixes.map((p) => ({ op: "stat", path: p, follow: false, ignore: ["ENOENT", "ENOTDIR"] })),
      context,
    )) as readonly (FileStat | undefined)[];
    const at = stats.findIndex((s, i) => s === undefined || (s.type === "symlink" && (follow || i < stats.length - 1)));
    const last = stats.at(-1);
    if (at < 0) return last && { path: wanted, stat: last };
    if (stats[at] === undefined) return undefined;
    const link = prefixes[at] ?? "/";
    const [target] = await guest.batch([{ op: "readlink", path: link }], context);
    const rest = parts.slice(at + 1).join("/");
    const base = String(target).startsWith("/") ? String(target) : `${link.slice(0, link.lastIndexOf("/"))}/${target}`;
    wanted = cleanPath(`${base}/${rest}`);
  }
  throw new EngineError("system", `too many links in ${path}`);
}
