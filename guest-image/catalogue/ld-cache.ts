/**
 * /etc/ld.so.cache as ldconfig(8) makes it, which cannot run here. Programs would start without it, but only after trying a dozen folders
 * for each library: in the emulated machine that is a good part of a small program's start.
 *
 * The format is glibc's sysdeps/generic/dl-cache.h, "new" format: header, entries in falling order, strings.
 */

import { type FileTree, sortedEntries } from "../debian/file-tree.ts";
import { sonameOf } from "./elf.ts";

/** What Debian's /etc/ld.so.conf.d names on i386, then the loader's own folders. On a merged /usr, /lib is where libraries are found first. */
const DIRECTORIES = [
  "usr/local/lib/i386-linux-gnu",
  "lib/i386-linux-gnu",
  "usr/local/lib/i686-linux-gnu",
  "lib/i686-linux-gnu",
  "usr/local/lib",
  "lib",
];

const HEADER_SIZE = 48;
const ENTRY_SIZE = 24;
/** FLAG_ELF_LIBC6: a library for glibc, of the plain architecture. */
const LIBC6 = 3;
const LITTLE_ENDIAN = 2;

/** glibc's _dl_cache_libcmp: by characters, but runs of digits by their value. */
export function compareLibraries(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length) {
    const left = a.charCodeAt(i);
    const right = j < b.length ? b.charCodeAt(j) : 0;
    const isDigit = (code: number): boolean => code >= 48 && code <= 57;
    if (isDigit(left)) {
      if (!isDigit(right)) return 1;
      const leftRun = /^\d+/.exec(a.slice(i))?.[0] ?? "";
      const rightRun = /^\d+/.exec(b.slice(j))?.[0] ?? "";
      if (Number(leftRun) !== Number(rightRun)) return Number(leftRun) - Number(rightRun);
      i += leftRun.length;
      j += rightRun.length;
    } else if (isDigit(right)) return -1;
    else if (left !== right) return left - right;
    else {
      i++;
      j++;
    }
  }
  return j < b.length ? -1 : 0;
}

/** Libraries by the name that programs ask for. */
function libraries(tree: FileTree): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const entries = sortedEntries(tree);
  for (const directory of DIRECTORIES) {
    const prefix = `${tree.locate(`${directory}/x`).slice(0, -2)}/`;
    for (const [path, { kind }] of entries) {
      const name = path.slice(prefix.length);
      if (!path.startsWith(prefix) || !/^(lib[^/]*|ld-[^/]*)\.so(\.[^/]*)?$/.test(name)) continue;
      const place = tree.follow(path);
      const node = place === undefined ? undefined : tree.get(place);
      const soname = node?.kind === "file" ? sonameOf(node.data) : undefined;
      // A link for building programs ("libz.so") is listed too; other names of the file are not.
      const listed = name === soname || (kind === "symlink" && name.endsWith(".so") && soname !== undefined);
      if (listed && !found.has(name)) found.set(name, `/${directory}/${name}`);
    }
  }
  return found;
}

export function ldCache(tree: FileTree): Uint8Array {
  const entries = [...libraries(tree)].sort(([a], [b]) => compareLibraries(b, a));
  const strings = new TextEncoder().encode(entries.map(([name, path]) => `${name}\0${path}\0`).join(""));
  const start = HEADER_SIZE + entries.length * ENTRY_SIZE;
  const cache = new Uint8Array(start + strings.length);
  const view = new DataView(cache.buffer);
  cache.set(new TextEncoder().encode("glibc-ld.so.cache1.1"));
  view.setUint32(20, entries.length, true);
  view.setUint32(24, strings.length, true);
  view.setUint8(28, LITTLE_ENDIAN);
  let string = start;
  for (const [i, [name, path]] of entries.entries()) {
    const at = HEADER_SIZE + i * ENTRY_SIZE;
    view.setInt32(at, LIBC6, true);
    view.setUint32(at + 4, string, true);
    view.setUint32(at + 8, string + name.length + 1, true);
    string += name.length + path.length + 2;
  }
  cache.set(strings, start);
  return cache;
}
