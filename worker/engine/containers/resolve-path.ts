/** Finds where a path leads: inside a root as the container itself would follow links, or below a directory that no link may leave. */
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
  through = clamped,
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
    wanted = cleanPath(`${through(link, String(target))}/${parts.slice(at + 1).join("/")}`);
  }
  throw new EngineError("system", `too many links in ${path}`);
}

/** What the link at `link` names; above the root there is the root. */
const clamped = (link: string, target: string): string =>
  target.startsWith("/") ? target : `${link.slice(0, link.lastIndexOf("/"))}/${target}`;

/** Where `subpath` is below the directory `base`, as a path of the machine; refuses as moby's safepath.Join does. */
export async function resolveBelow(guest: Guest, base: string, subpath: string): Promise<Resolved> {
  const kept = (link: string, target: string): string => {
    const full = cleanPath(clamped(`${base}${link}`, target));
    if (full !== base && !full.startsWith(`${base}/`))
      throw new EngineError(
        "invalidParameter",
        `path concatenation escapes the base directory, base: ${base}, subpath: ${subpath}`,
      );
    return full.slice(base.length);
  };
  const found = await resolveInRoot(guest, { root: base }, subpath, true, kept);
  if (found !== undefined) return { ...found, path: found.path === "/" ? base : `${base}${found.path}` };
  const path = `${base}/${subpath}`;
  throw new EngineError("notFound", `cannot access path ${path}: lstat ${path}: no such file or directory`);
}
