/**
 * A tree of files in pieces, parents first. The guest's agent does one thing at a time: while it walked through a whole image, every
 * other question would wait for seconds. As the agent's own walk, it does not go into what is mounted below.
 */
import type { BatchContext, DirectoryEntry, Guest, Op, TreeEntry } from "../ports/guest.ts";

/** Entries that the agent walks through in some tens of milliseconds. */
const pieceEntries = 1000;

export async function* walkTree(
  guest: Guest,
  context: BatchContext,
  path: string,
): AsyncGenerator<readonly TreeEntry[], void> {
  yield* below(guest, context, path, "", undefined);
}

async function* below(
  guest: Guest,
  context: BatchContext,
  root: string,
  relative: string,
  device: number | undefined,
): AsyncGenerator<readonly TreeEntry[], void> {
  const path = join(root, relative);
  // What has gone meanwhile is left out; the top must be there.
  const gone: Op["ignore"] = relative === "" ? [] : ["ENOENT"];
  const [walked] = await guest.batch([{ op: "walk", path, limit: pieceEntries, ignore: gone }], context);
  const entries = ((walked ?? []) as readonly TreeEntry[]).map((entry) => named(entry, relative));
  const [top] = entries;
  if (top === undefined) return;
  if (top.type === "directory" && device !== undefined && top.device !== device) return yield [top];
  if (entries.length < pieceEntries) return yield entries;
  yield [top];
  const [listed] = await guest.batch([{ op: "list", path, ignore: ["ENOENT"] }], context);
  const children = (listed ?? []) as readonly DirectoryEntry[];
  const plain = children.filter(({ type }) => type !== "directory").map(({ name }) => join(relative, name));
  for (let at = 0; at < plain.length; at += pieceEntries) {
    const paths = plain.slice(at, at + pieceEntries);
    const ops = paths.map((one): Op => ({ op: "walk", path: join(root, one), ignore: ["ENOENT"] }));
    const results = await guest.batch(ops, context);
    yield paths.flatMap((one, i) => ((results[i] ?? []) as readonly TreeEntry[]).map((entry) => named(entry, one)));
  }
  for (const { name, type } of children)
    if (type === "directory") yield* below(guest, context, root, join(relative, name), top.device);
}

const named = (entry: TreeEntry, relative: string): TreeEntry => ({ ...entry, path: join(relative, entry.path) });

function join(directory: string, name: string): string {
  if (directory === "" || name === "") return directory || name;
  return directory.endsWith("/") ? `${directory}${name}` : `${directory}/${name}`;
}
