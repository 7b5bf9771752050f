/** Puts packages and effects into a root file system. */

import { type Deb, readTarEntries } from "../debian/deb.ts";
import { FileTree, type Ownership, sortedEntries } from "../debian/file-tree.ts";
import type { Alternative, DirectoryRecipe, Effects, LayerRecipe, Template } from "./recipe.ts";

/**
 * Documentation is left out as Debian's slim images do, except the copyright files, which the licences ask for,
 * and apt's example of a sources.list, from which the real one is made.
 */
const LEFT_OUT = [
  /^usr\/share\/(man|info|lintian|linda|groff|bug|menu|doc-base)\//,
  /^usr\/share\/doc\/[^/]+\/(?!copyright$|examples\/sources\.list$)/,
  /^usr\/share\/locale\/(?!locale\.alias$)/,
];

/** A root with the merged /usr that Debian 12 requires, which no package ships (usrmerge(7)). */
export function emptyRoot(mtime: number): FileTree {
  const tree = new FileTree(mtime);
  for (const name of ["bin", "sbin", "lib"]) {
    tree.directory(`usr/${name}`);
    tree.symlink(name, `usr/${name}`);
  }
  return tree;
}

const wanted = (path: string, only: LayerRecipe["only"]): boolean =>
  only === undefined
    ? !LEFT_OUT.some((pattern) => pattern.test(path))
    : only.some((kept) => path === kept || path.startsWith(`${kept}/`));

export function unpack(tree: FileTree, { entries }: Deb, only?: LayerRecipe["only"]): void {
  for (const { path, node } of entries) {
    if (node.kind === "directory") {
      if (only === undefined && path !== "" && wanted(`${path}/`, only)) tree.put(path, node);
    } else if (wanted(path, only)) {
      if (node.kind === "hardlink") tree.link(path, node.target);
      else tree.put(path, node);
    }
  }
}

/** Puts a tar's files below a folder. */
export async function unpackArchive(tree: FileTree, folder: string, tar: Uint8Array): Promise<void> {
  for (const { path, node } of await readTarEntries(tar)) {
    const target = path === "" ? folder : `${folder}/${path}`;
    if (node.kind === "hardlink") tree.link(target, `${folder}/${node.target}`);
    else tree.put(target, node);
  }
}

function lines(tree: FileTree, path: string): readonly string[][] {
  return (tree.text(path) ?? "")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(":"));
}

function append(tree: FileTree, path: string, line: string, owner: Partial<Ownership> = {}): void {
  tree.file(path, `${tree.text(path) ?? ""}${line}\n`, owner);
}

const SHADOW: Partial<Ownership> = { mode: 0o640, gid: 42 };
/** The day of the last password change, which shadow(5) wants; any fixed day serves a locked account. */
const SHADOW_DAY = 19500;

function lookUp(tree: FileTree, file: string, name: string): number {
  if (/^\d+$/.test(name)) return Number(name);
  const id = lines(tree, file).find(([known]) => known === name)?.[2];
  if (id === undefined) throw new Error(`${name} is not in /${file}`);
  return Number(id);
}

function owner(tree: FileTree, { mode, owner: names }: DirectoryRecipe): Partial<Ownership> {
  const [user, group] = names?.split(":") ?? [];
  return {
    ...(mode !== undefined && { mode }),
    ...(user !== undefined && { uid: lookUp(tree, "etc/passwd", user) }),
    ...(group !== undefined && { gid: lookUp(tree, "etc/group", group) }),
  };
}

function addAccounts(tree: FileTree, { groups = [], accounts = [] }: Effects): void {
  const ownGroups = accounts.map(({ name, gid, group }) => ({ name: group ?? name, gid, members: [] }));
  for (const { name, gid, members = [] } of [...groups, ...ownGroups]) {
    if (lines(tree, "etc/group").some(([known, , id]) => known === name || id === String(gid))) continue;
    append(tree, "etc/group", `${name}:x:${gid}:${members.join(",")}`);
    append(tree, "etc/gshadow", `${name}:!::${members.join(",")}`, SHADOW);
  }
  for (const { name, uid, gid, comment = "", home, shell = "/usr/sbin/nologin" } of accounts) {
    if (lines(tree, "etc/passwd").some(([known]) => known === name)) continue;
    append(tree, "etc/passwd", `${name}:x:${uid}:${gid}:${comment}:${home}:${shell}`);
    append(tree, "etc/shadow", `${name}:!:${SHADOW_DAY}::::::`, SHADOW);
  }
}

/** The links, and dpkg's record of them (update-alternatives(1), FILES). */
function addAlternative(tree: FileTree, { name, link, path, priority, slaves = [] }: Alternative): void {
  const present = slaves.filter((slave) => tree.follow(slave.path.slice(1)) !== undefined);
  for (const one of [{ name, link, path }, ...present]) {
    tree.symlink(one.link.slice(1), `/etc/alternatives/${one.name}`);
    tree.symlink(`etc/alternatives/${one.name}`, one.path);
  }
  const record = [
    "auto",
    link,
    ...present.flatMap((slave) => [slave.name, slave.link]),
    "",
    path,
    String(priority),
    ...present.map((slave) => slave.path),
    "",
    "",
  ];
  tree.file(`var/lib/dpkg/alternatives/${name}`, record.join("\n"));
}

function addTemplate(tree: FileTree, { path, from, replace = [], ...rest }: Template): void {
  const source = tree.text(from);
  if (source === undefined) throw new Error(`${from}: no such file to make ${path} from`);
  const text = replace.reduce((made, [pattern, to]) => made.replace(new RegExp(pattern, "gm"), to), source);
  tree.file(path, text, owner(tree, { path, ...rest }));
}

function concatenate(tree: FileTree, path: string, folder: string): void {
  const parts = sortedEntries(tree).flatMap(([name, node]) =>
    name.startsWith(`${folder}/`) && node.kind === "file" ? [node.data] : [],
  );
  tree.file(path, Buffer.concat(parts));
}

function list(tree: FileTree, path: string, folder: string): void {
  const names = sortedEntries(tree).flatMap(([name, node]) =>
    name.startsWith(`${folder}/`) && node.kind === "file" ? [`${name.slice(folder.length + 1)}\n`] : [],
  );
  tree.file(path, Buffer.from(names.join("")));
}

export function apply(tree: FileTree, effects: Effects): void {
  for (const template of effects.templates ?? []) addTemplate(tree, template);
  addAccounts(tree, effects);
  for (const directory of effects.directories ?? []) tree.directory(directory.path, owner(tree, directory));
  for (const file of effects.files ?? []) tree.file(file.path, file.text, owner(tree, file));
  for (const [path, folder] of Object.entries(effects.concatenations ?? {})) concatenate(tree, path, folder);
  for (const [path, folder] of Object.entries(effects.listings ?? {})) list(tree, path, folder);
  for (const [path, target] of Object.entries(effects.links ?? {})) tree.symlink(path, target);
  for (const alternative of effects.alternatives ?? []) addAlternative(tree, alternative);
  for (const change of effects.owners ?? []) tree.chown(change.path, owner(tree, change));
  for (const path of effects.remove ?? []) tree.remove(path);
}
