/** A binary package (deb(5)): its control files, and the files it installs. */

import { unpackTar } from "modern-tar";
import { readAr } from "./ar.ts";
import { parseStanza, type Stanza } from "./control.ts";
import { decompress } from "./decompress.ts";
import { type FileNode, type Ownership, ownedBy } from "./file-tree.ts";

export interface DebEntry {
  /** Without a leading "./" or "/"; "" is the root itself. */
  readonly path: string;
  /** For a hard link: the path of the entry it links to. */
  readonly node: FileNode | { readonly kind: "hardlink"; readonly target: string };
}

export interface Deb {
  readonly control: Stanza;
  /** The control stanza as written, for dpkg's status file. */
  readonly controlText: string;
  /** Maintainer scripts, md5sums, conffiles, triggers …, by name. */
  readonly controlFiles: ReadonlyMap<string, Uint8Array>;
  readonly entries: readonly DebEntry[];
}

const relative = (path: string): string =>
  path
    .replace(/^(\.?\/)+/, "")
    .replace(/^\.$/, "")
    .replace(/\/+$/, "");

export async function readTarEntries(tar: Uint8Array): Promise<readonly DebEntry[]> {
  const entries: DebEntry[] = [];
  for (const { header, data } of await unpackTar(tar, { strict: true })) {
    const path = relative(header.name);
    const owner: Ownership = {
      mode: (header.mode ?? 0o644) & 0o7777,
      uid: header.uid ?? 0,
      gid: header.gid ?? 0,
      mtime: Math.floor((header.mtime?.getTime() ?? 0) / 1000),
    };
    switch (header.type ?? "file") {
      case "file":
        entries.push({ path, node: ownedBy(owner, { kind: "file", data: data ?? new Uint8Array() }) });
        break;
      case "directory":
        entries.push({ path, node: ownedBy(owner, { kind: "directory" }) });
        break;
      case "symlink":
        entries.push({ path, node: ownedBy(owner, { kind: "symlink", target: header.linkname ?? "" }) });
        break;
      case "link":
        entries.push({ path, node: { kind: "hardlink", target: relative(header.linkname ?? "") } });
        break;
      default:
        throw new Error(`${path}: a package with a ${header.type} is not supported`);
    }
  }
  return entries;
}

export async function readDeb(archive: Uint8Array): Promise<Deb> {
  const members = readAr(archive);
  const version = members[0];
  if (version?.name !== "debian-binary" || !new TextDecoder().decode(version.data).startsWith("2.")) {
    throw new Error("not a Debian package of format 2");
  }
  const tarOf = async (prefix: string): Promise<readonly DebEntry[]> => {
    const member = members.find(({ name }) => name.startsWith(prefix));
    if (member === undefined) throw new Error(`Debian package without ${prefix}`);
    return readTarEntries(await decompress(member.name, member.data));
  };
  const controlFiles = new Map<string, Uint8Array>();
  for (const { path, node } of await tarOf("control.tar")) {
    if (node.kind === "file") controlFiles.set(path, node.data);
  }
  const control = controlFiles.get("control");
  if (control === undefined) throw new Error("Debian package without a control file");
  const controlText = new TextDecoder().decode(control).trim();
  return { control: parseStanza(controlText), controlText, controlFiles, entries: await tarOf("data.tar") };
}
