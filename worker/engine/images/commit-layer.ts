/**
 * An overlay's upper directory as a layer: overlayfs marks what is deleted with 0/0 devices and opaque directories with an
 * extended attribute; a layer marks both with files (image-spec, layer.md, Whiteouts). Order and headers as moby's archive package.
 */
import type { Guest, TreeEntry } from "../ports/guest.ts";
import type { TarInput } from "../tar-writer.ts";
import { writeTar } from "../tar-writer.ts";

const opaqueXattr = "trusted.overlay.opaque";
/** The one family of attributes that Docker's layers carry. */
const keptXattr = "security.capability";
/** Files up to this size are read many in one round trip. */
const smallFile = 64 << 10;
const batchBytes = 1 << 20;

export async function upperTar(guest: Guest, upper: string): Promise<ReadableStream<Uint8Array>> {
  // A container that was never started has written nothing, and has no directory for it.
  const [walked] = await guest.batch([{ op: "walk", path: upper, ignore: ["ENOENT"] }]);
  const entries = ((walked ?? []) as readonly TreeEntry[]).filter(({ path, type }) => path !== "" && type !== "socket");
  return writeTar(layerEntries(guest, upper, [...entries].sort(byPath)));
}

/** As filepath.Walk goes: a directory before its content, names in byte order. */
function byPath(a: TreeEntry, b: TreeEntry): number {
  const left = a.path.replaceAll("/", "\0");
  const right = b.path.replaceAll("/", "\0");
  return left < right ? -1 : left > right ? 1 : 0;
}

async function* layerEntries(guest: Guest, upper: string, entries: readonly TreeEntry[]): AsyncGenerator<TarInput> {
  const firstNames = new Map<string, string>();
  const contents = new SmallFiles(guest, upper, entries);
  for (const entry of entries) {
    const name = entry.path;
    const isWhiteout = entry.type === "char" && entry.major === 0 && entry.minor === 0;
    if (isWhiteout) {
      yield { header: { ...owner(entry), name: whiteoutName(name), type: "file", mode: 0o600, size: 0 } };
      continue;
    }
    const identity = `${entry.device}:${entry.inode}`;
    const first = entry.links > 1 && entry.type !== "directory" ? firstNames.get(identity) : undefined;
    if (first !== undefined) {
      yield { header: { ...owner(entry), name, type: "hardlink", mode: entry.mode, linkName: first } };
      continue;
    }
    firstNames.set(identity, name);
    yield await member(guest, `${upper}/${name}`, entry, contents);
    if (entry.type === "directory" && isOpaque(entry))
      yield {
        header: { ...owner(entry), name: `${name}/.wh..wh..opq`, type: "file", mode: entry.mode & 0o777, size: 0 },
      };
  }
}

async function member(guest: Guest, path: string, entry: TreeEntry, contents: SmallFiles): Promise<TarInput> {
  const capability = entry.xattrs[keptXattr];
  const header = {
    ...owner(entry),
    name: entry.path,
    mode: entry.mode,
    ...(capability === undefined ? {} : { xattrs: { [keptXattr]: capability } }),
  };
  switch (entry.type) {
    case "file": {
      const small = await contents.get(entry);
      const body =
        small === undefined ? guest.readFile(path).pipeThrough(exactly(entry.size)) : fitted(small, entry.size);
      return { header: { ...header, type: "file", size: entry.size }, body };
    }
    case "symlink":
      return { header: { ...header, type: "symlink", linkName: entry.linkTarget ?? "" } };
    case "char":
    case "block":
      return { header: { ...header, type: entry.type, major: entry.major, minor: entry.minor } };
    case "directory":
      return { header: { ...header, type: "directory" } };
    default:
      return { header: { ...header, type: "fifo" } };
  }
}

const owner = (entry: TreeEntry) => ({ uid: entry.uid, gid: entry.gid, mtime: entry.mtime });
const isOpaque = (entry: TreeEntry): boolean => entry.xattrs[opaqueXattr]?.[0] === 0x79;

function whiteoutName(path: string): string {
  const slash = path.lastIndexOf("/") + 1;
  return `${path.slice(0, slash)}.wh.${path.slice(slash)}`;
}

/** Reads ahead: the small files that follow come with the one that is asked for. */
class SmallFiles {
  readonly #guest: Guest;
  readonly #upper: string;
  readonly #files: readonly TreeEntry[];
  #next = 0;
  readonly #read = new Map<string, Uint8Array>();

  constructor(guest: Guest, upper: string, entries: readonly TreeEntry[]) {
    this.#guest = guest;
    this.#upper = upper;
    this.#files = entries.filter(({ type, size }) => type === "file" && size <= smallFile);
  }

  async get(entry: TreeEntry): Promise<Uint8Array | undefined> {
    if (entry.size > smallFile) return undefined;
    if (!this.#read.has(entry.path)) await this.#readBatch(entry);
    const bytes = this.#read.get(entry.path);
    this.#read.delete(entry.path);
    return bytes;
  }

  async #readBatch(entry: TreeEntry): Promise<void> {
    while (this.#next < this.#files.length && this.#files[this.#next] !== entry) this.#next++;
    const batch: TreeEntry[] = [];
    for (let bytes = 0; this.#next < this.#files.length; this.#next++) {
      const file = this.#files[this.#next];
      if (file === undefined || (bytes + file.size > batchBytes && batch.length > 0)) break;
      bytes += file.size;
      batch.push(file);
    }
    const results = await this.#guest.batch(
      batch.map((file) => ({ op: "read", path: `${this.#upper}/${file.path}`, limit: file.size })),
    );
    batch.forEach((file, i) => {
      const result = results[i];
      this.#read.set(file.path, result instanceof Uint8Array ? result : new Uint8Array(0));
    });
  }
}

/** A file that changed meanwhile is cut, or filled with zeros, to the size that its header says, as GNU tar does. */
function fitted(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length === size) return bytes;
  const out = new Uint8Array(size);
  out.set(bytes.subarray(0, size));
  return out;
}

function exactly(size: number): TransformStream<Uint8Array, Uint8Array> {
  let left = size;
  return new TransformStream({
    transform(chunk, controller) {
      const part = chunk.subarray(0, left);
      left -= part.length;
      if (part.length > 0) controller.enqueue(part);
    },
    flush(controller) {
      for (; left > 0; left -= Math.min(left, batchBytes))
        controller.enqueue(new Uint8Array(Math.min(left, batchBytes)));
    },
  });
}
