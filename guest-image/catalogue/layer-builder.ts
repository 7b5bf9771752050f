/** Makes layers from recipes: packages, effects, then what differs from the layer below, as eStargz. */

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import type { Deb } from "../debian/deb.ts";
import { type FileNode, FileTree, sortedEntries } from "../debian/file-tree.ts";
import type { PackageCache } from "../debian/package-cache.ts";
import type { PackageFile } from "../debian/package-index.ts";
import { busyboxLinks } from "./busybox.ts";
import { recordInstallation } from "./dpkg-database.ts";
import { effectsOf } from "./effects/index.ts";
import { type Layer, type LayerEntry, writeEstargz } from "./estargz.ts";
import { ldCache } from "./ld-cache.ts";
import { filesOf, type Lock } from "./lock.ts";
import { addBytecode } from "./packages/bytecode.ts";
import type { LayerRecipe } from "./recipe.ts";
import { apply, emptyRoot, unpack, unpackArchive } from "./root-fs.ts";

/** A layer's blob and what its descriptor says, kept on disk between builds. */
export interface BuiltLayer extends Omit<Layer, "blob"> {
  readonly size: number;
  readonly path: string;
}

export interface LayerBuilderOptions {
  readonly lock: Lock;
  readonly packages: PackageCache;
  readonly prebuiltDirectory: string;
  readonly cacheDirectory: string;
  /** A hash of the builder's source: another builder makes other layers. */
  readonly builder: string;
  /** The public key of the catalogue's apt repository. */
  readonly aptKey: Uint8Array;
  /** Compiled Python modules by the hash of their source. */
  readonly bytecode: ReadonlyMap<string, Uint8Array>;
  readonly log: (line: string) => void;
}

/** What is new or changed, with the directories on the way to it: overlayfs takes a directory's mode from the topmost layer. */
export function layerEntries(tree: FileTree, base?: FileTree): readonly LayerEntry[] {
  const names = new Set<string>();
  for (const [path, node] of tree.entries()) {
    if (path === "" || base?.get(path) === node) continue;
    for (let part = path; part !== ""; part = part.slice(0, Math.max(0, part.lastIndexOf("/")))) names.add(part);
  }
  const removed = [...(base?.entries() ?? [])].filter(([path]) => tree.get(path) === undefined);
  if (removed.length > 0) throw new Error(`a layer cannot remove ${removed[0]?.[0]} of the layer below`);
  const seen = new Map<FileNode, string>();
  const entries: LayerEntry[] = [];
  for (const [path, node] of sortedEntries(tree)) {
    if (!names.has(path)) continue;
    const { mode, uid, gid, mtime } = node;
    const common = { mode, uid, gid, mtime, size: 0 };
    const first = seen.get(node);
    if (node.kind === "file" && first !== undefined) {
      entries.push({ ...common, name: path, type: "hardlink", linkName: first });
    } else if (node.kind === "file") {
      seen.set(node, path);
      entries.push({ ...common, name: path, type: "file", size: node.data.length, data: node.data });
    } else if (node.kind === "symlink") {
      entries.push({ ...common, name: path, type: "symlink", linkName: node.target });
    } else entries.push({ ...common, name: `${path}/`, type: "directory" });
  }
  return entries;
}

export class LayerBuilder {
  readonly #options: LayerBuilderOptions;
  readonly #trees = new Map<string, Promise<FileTree>>();
  readonly #keys = new Set<string>();

  constructor(options: LayerBuilderOptions) {
    this.#options = options;
  }

  /** Changes when anything changes that the layer is made from. */
  async key(stack: readonly LayerRecipe[]): Promise<string> {
    const { lock, builder, prebuiltDirectory, aptKey, bytecode } = this.#options;
    const hash = createHash("sha256").update(`${builder}\n${lock.date}\n`);
    for (const layer of stack) {
      const files = filesOf(lock, layer);
      const effects = effectsOf(files.map(({ name }) => name));
      hash.update(JSON.stringify({ layer, effects, files: files.map(({ sha256 }) => sha256) }));
      for (const file of Object.values(layer.prebuilt ?? {}))
        hash.update(await readFile(join(prebuiltDirectory, file)));
      if (layer.trustsCatalogue) hash.update(aptKey);
      if (layer.bytecode) for (const [source, code] of bytecode) hash.update(source).update(code);
    }
    const key = hash.digest("hex");
    this.#keys.add(key);
    return key;
  }

  /** Removes cached layers whose keys nobody asked for. */
  async prune(): Promise<void> {
    const { cacheDirectory } = this.#options;
    for (const file of await readdir(cacheDirectory)) {
      if (!this.#keys.has(file.split(".")[0] ?? "")) await rm(join(cacheDirectory, file));
    }
  }

  async build(stack: readonly LayerRecipe[]): Promise<BuiltLayer> {
    const { cacheDirectory, log } = this.#options;
    const key = await this.key(stack);
    const path = join(cacheDirectory, `${key}.tar.gz`);
    const record = join(cacheDirectory, `${key}.json`);
    const known = await readFile(record, "utf8").catch(() => undefined);
    if (known !== undefined) return JSON.parse(known) as BuiltLayer;
    const layer = stack.at(-1);
    if (layer === undefined) throw new Error("an image needs a layer");
    const base = stack.length > 1 ? await this.tree(stack.slice(0, -1)) : undefined;
    const tree = await this.tree(stack);
    log(`compressing layer ${layer.id}`);
    const prefetch = (layer.prefetch ?? []).flatMap((name) => tree.follow(name) ?? []);
    const { blob, ...rest } = writeEstargz(layerEntries(tree, base), [...new Set(prefetch)]);
    const built: BuiltLayer = { ...rest, size: blob.length, path };
    await mkdir(cacheDirectory, { recursive: true });
    // Two builders may run at once; each renames files of its own.
    const own = `.${process.pid}.new`;
    await writeFile(path + own, blob);
    await rename(path + own, path);
    await writeFile(record + own, JSON.stringify(built));
    await rename(record + own, record);
    return built;
  }

  /** The root file system of a stack of layers. */
  tree(stack: readonly LayerRecipe[]): Promise<FileTree> {
    const id = stack.map((layer) => layer.id).join("\n");
    const known = this.#trees.get(id) ?? this.#makeTree(stack);
    this.#trees.set(id, known);
    return known;
  }

  async #makeTree(stack: readonly LayerRecipe[]): Promise<FileTree> {
    const { lock, packages, prebuiltDirectory, aptKey, bytecode, log } = this.#options;
    const layer = stack.at(-1);
    if (layer === undefined) return emptyRoot(lock.date);
    const below = stack.slice(0, -1);
    const tree =
      below.length > 0
        ? new FileTree(lock.date, await this.tree(below))
        : layer.only !== undefined || layer.packages.length === 0
          ? new FileTree(lock.date)
          : emptyRoot(lock.date);
    const files = filesOf(lock, layer);
    await packages.ensure(files);
    if (files.length > 0) log(`unpacking ${files.length} packages of layer ${layer.id}`);
    await this.#install(tree, layer, files);
    for (const [path, file] of Object.entries(layer.prebuilt ?? {})) {
      tree.file(path, await readFile(join(prebuiltDirectory, file)), { mode: 0o755 });
    }
    for (const [path, file] of Object.entries(layer.archives ?? {})) {
      await unpackArchive(tree, path, brotliDecompressSync(await readFile(join(prebuiltDirectory, file))));
    }
    if (layer.effects !== undefined) apply(tree, layer.effects);
    if (layer.trustsCatalogue) tree.file("etc/apt/trusted.gpg.d/drydock.gpg", aptKey);
    if (layer.bytecode) addBytecode(tree, bytecode);
    if (layer.only === undefined && files.length > 0) tree.file("etc/ld.so.cache", ldCache(tree));
    if (layer.busyboxLinks !== undefined) busyboxLinks(tree, layer.busyboxLinks);
    return tree;
  }

  async #install(tree: FileTree, layer: LayerRecipe, files: readonly PackageFile[]): Promise<void> {
    const debs: Deb[] = [];
    for (const file of files) {
      const deb = await this.#options.packages.read(file);
      unpack(tree, deb, layer.only);
      debs.push(deb);
    }
    if (layer.dpkg) recordInstallation(tree, debs);
    if (layer.only === undefined) for (const effects of effectsOf(files.map(({ name }) => name))) apply(tree, effects);
  }
}
