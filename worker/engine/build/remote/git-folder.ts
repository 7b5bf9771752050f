/**
 * ".git" of a checkout that is one commit deep, as `ADD --keep-git-dir` leaves it: what `git init`, a shallow fetch and a checkout of the
 * commit would have written (gitrepository-layout, gitformat-index version 2).
 */
import type { TarInput } from "../../tar-writer.ts";
import type { GitAddress } from "./git.ts";

/** A file of the commit. */
export interface CheckedOut {
  readonly path: string;
  /** Octal, as trees have it. */
  readonly mode: string;
  readonly oid: string;
  readonly size: number;
}

export interface GitFolderOptions {
  readonly address: GitAddress;
  readonly commit: string;
  /** Packs and loose objects, by their paths below ".git". */
  readonly objects: readonly (readonly [path: string, content: Uint8Array])[];
  readonly files: readonly CheckedOut[];
}

export async function* gitFolder({ address, commit, objects, files }: GitFolderOptions): AsyncGenerator<TarInput> {
  const config = [
    "[core]",
    "\trepositoryformatversion = 0",
    "\tfilemode = true",
    "\tbare = false",
    "\tlogallrefupdates = true",
    '[remote "origin"]',
    `\turl = ${address.url}`,
    "\tfetch = +refs/heads/*:refs/remotes/origin/*",
  ];
  yield folder(".git");
  yield file(".git/HEAD", `${commit}\n`);
  yield file(".git/config", `${config.join("\n")}\n`);
  yield file(".git/index", await index(files));
  yield folder(".git/objects");
  for (const [path, content] of objects) yield file(`.git/${path}`, content);
  yield folder(".git/refs");
  yield folder(".git/refs/heads");
  yield file(".git/shallow", `${commit}\n`);
}

const folder = (name: string): TarInput => ({ header: { name, type: "directory", mode: 0o755 } });
function file(name: string, content: string | Uint8Array): TarInput {
  const body = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { header: { name, type: "file", mode: 0o644, size: body.length }, body };
}

/** Times and inodes are left zero: Git compares contents where they do not fit. */
async function index(files: readonly CheckedOut[]): Promise<Uint8Array> {
  const entries = files
    .map((entry) => ({ ...entry, name: new TextEncoder().encode(entry.path) }))
    .sort((a, b) => compare(a.name, b.name));
  const length = entries.reduce((sum, { name }) => sum + entryLength(name), 12);
  const bytes = new Uint8Array(length + 20);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("DIRC"));
  view.setUint32(4, 2);
  view.setUint32(8, entries.length);
  let at = 12;
  for (const { name, mode, oid, size } of entries) {
    view.setUint32(at + 24, Number.parseInt(mode, 8));
    view.setUint32(at + 36, size);
    for (let i = 0; i < 20; i++) bytes[at + 40 + i] = Number.parseInt(oid.slice(2 * i, 2 * i + 2), 16);
    view.setUint16(at + 60, Math.min(name.length, 0xfff));
    bytes.set(name, at + 62);
    at += entryLength(name);
  }
  bytes.set(new Uint8Array(await crypto.subtle.digest("SHA-1", bytes.subarray(0, length))), length);
  return bytes;
}

/** With one to eight zeros at its end, a multiple of eight. */
const entryLength = (name: Uint8Array): number => (62 + name.length + 8) & ~7;

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
