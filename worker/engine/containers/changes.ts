/** `docker diff`: what the container's own layer adds to, changes in and takes from its image. */
import type { Guest, Op, TreeEntry } from "../ports/guest.ts";

export interface Change {
  readonly Path: string;
  /** 0 modified, 1 added, 2 deleted. */
  readonly Kind: 0 | 1 | 2;
}

/** overlayfs marks what is deleted by a character device 0/0. */
function isWhiteout(entry: { readonly type: string; readonly major: number; readonly minor: number }): boolean {
  return entry.type === "char" && entry.major === 0 && entry.minor === 0;
}

export async function findChanges(guest: Guest, upper: string, lowers: readonly string[]): Promise<readonly Change[]> {
  const [walked] = await guest.batch([{ op: "walk", path: upper, ignore: ["ENOENT"] }]);
  const entries = ((walked ?? []) as readonly TreeEntry[]).filter((e) => e.path !== "");
  if (entries.length === 0) return [];
  const kept = entries.filter((e) => !isWhiteout(e));
  const stats = (await guest.batch(
    kept.flatMap((e) =>
      lowers.map((lower): Op => ({ op: "stat", path: `${lower}/${e.path}`, follow: false, ignore: ["*"] })),
    ),
  )) as readonly ({ readonly type: string; readonly major: number; readonly minor: number } | undefined)[];
  const inImage = new Set<string>();
  kept.forEach((entry, i) => {
    // The topmost layer that knows the path decides.
    const first = stats.slice(i * lowers.length, (i + 1) * lowers.length).find((s) => s !== undefined);
    if (first !== undefined && !isWhiteout(first)) inImage.add(entry.path);
  });
  return entries
    .map((entry): Change => {
      const Kind = isWhiteout(entry) ? 2 : inImage.has(entry.path) ? 0 : 1;
      return { Path: `/${entry.path}`, Kind };
    })
    .sort((a, b) => (a.Path < b.Path ? -1 : 1));
}
