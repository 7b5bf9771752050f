/**
 * Builds the machine's userland: `tsx guest-image/rootfs/build.ts`. Writes build/userland/userland.erofs, the same in chunks, and
 * manifest.json. Where no Debian mirror answers, a small userland of busybox alone, and says so.
 */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { unpackTar } from "modern-tar";
import { LayerBuilder } from "../catalogue/layer-builder.ts";
import { type Lock, readLock } from "../catalogue/lock.ts";
import { currentLock, openPackageSources } from "../catalogue/package-sources.ts";
import { cacheDirectory, lockPath, prebuiltDirectory, prebuiltImages, repositoryRoot } from "../catalogue/paths.ts";
import type { LayerRecipe } from "../catalogue/recipe.ts";
import { apply } from "../catalogue/root-fs.ts";
import { FileTree } from "../debian/file-tree.ts";
import { PackagesGone } from "../debian/package-cache.ts";
import { CHUNK_SIZE, writeChunks } from "./chunks.ts";
import { makeDiskImage } from "./image.ts";
import { promptFiles, userlandLayer } from "./recipe.ts";

/** build/userland/manifest.json. */
export interface UserlandManifest {
  readonly schemaVersion: 1;
  readonly kind: "debian" | "busybox";
  readonly size: number;
  readonly sha256: string;
  readonly chunkSize: number;
  /** SHA-256 of each chunk's content, the name of its file in chunks/ (raw deflate); null is zeros. */
  readonly chunks: readonly (string | null)[];
  /** Indexes of the chunks that the first prompt reads. */
  readonly prefetch: readonly number[];
}

const log = (line: string): void => console.error(`userland: ${line}`);
const output = join(repositoryRoot, "build/userland");

/** The docker command of the machine's terminals, once it is built. */
async function withDocker(layer: LayerRecipe): Promise<LayerRecipe> {
  const stub = existsSync(join(prebuiltDirectory, "docker"));
  if (!stub) log("guest-image/prebuilt/docker is not there: the userland has no docker command");
  return stub
    ? {
        ...layer,
        prebuilt: { "usr/local/bin/docker": "docker" },
        effects: { ...layer.effects, links: { ...layer.effects?.links, "usr/local/bin/docker-compose": "docker" } },
      }
    : layer;
}

async function debianTree(): Promise<FileTree> {
  const sources = await openPackageSources(cacheDirectory, process.env, log);
  const layer = await withDocker(userlandLayer);
  const tree = (lock: Lock): Promise<FileTree> =>
    new LayerBuilder({
      lock,
      packages: sources.cache,
      prebuiltDirectory,
      cacheDirectory: join(cacheDirectory, "layers"),
      builder: "",
      aptKey: new Uint8Array(),
      bytecode: new Map(),
      log,
    }).tree([layer]);
  const lock = await readLock(lockPath);
  try {
    return await tree(lock);
  } catch (cause) {
    if (!(cause instanceof PackagesGone) || sources.mirror === undefined) throw cause;
    log(`${cause.message}; taking the suite's current versions instead of the lock file's`);
    return tree(await currentLock(sources.mirror, [[userlandLayer]], lock.date));
  }
}

/** The committed busybox image, with the learner's account. */
async function busyboxTree(): Promise<FileTree> {
  const repository = join(prebuiltImages, "v2/library/busybox");
  const read = async (path: string): Promise<Buffer> => readFile(join(repository, path));
  const json = async (path: string) => JSON.parse((await read(path)).toString());
  const index = await json("manifests/latest");
  const manifest = await json(`manifests/${index.manifests[0].digest}`);
  const layer = gunzipSync(await read(`blobs/${manifest.layers[0].digest}`));
  const tree = new FileTree((await readLock(lockPath)).date);
  for (const { header, data } of await unpackTar(layer)) {
    const { name, mode = 0o755, uid = 0, gid = 0, linkname = "" } = header;
    const owner = { mode, uid, gid };
    const path = name.replace(/\/$/, "");
    if (path.startsWith(".") || path === "stargz.index.json") continue;
    if (header.type === "directory") tree.directory(path, owner);
    else if (header.type === "link") tree.link(path, linkname);
    else if (header.type === "symlink") tree.symlink(path, linkname);
    else tree.file(path, data ?? new Uint8Array(), owner);
  }
  const { effects } = await withDocker(userlandLayer);
  const { templates: _, remove: __, accounts = [], ...rest } = effects ?? {};
  tree.file("etc/gshadow", "");
  apply(tree, { ...rest, accounts: accounts.map((account) => ({ ...account, shell: "/bin/sh" })) });
  if (existsSync(join(prebuiltDirectory, "docker"))) {
    tree.file("usr/local/bin/docker", await readFile(join(prebuiltDirectory, "docker")), { mode: 0o755 });
  }
  return tree;
}

async function userlandTree(): Promise<{ readonly kind: UserlandManifest["kind"]; readonly tree: FileTree }> {
  try {
    return { kind: "debian", tree: await debianTree() };
  } catch (cause) {
    log(`Debian's packages are out of reach (${cause instanceof Error ? cause.message : String(cause)}).`);
    log(
      "The prompt gets a small userland of busybox alone: containers work, but bash, curl, nano and the like are missing.",
    );
    log("With a Debian mirror in DRYDOCK_DEBIAN_MIRROR, or on a Debian machine online, build again to have them.");
    return { kind: "busybox", tree: await busyboxTree() };
  }
}

async function main(): Promise<void> {
  const { kind, tree } = await userlandTree();
  const { bytes, places, metadataSize } = makeDiskImage(tree);
  await mkdir(output, { recursive: true });
  const image = join(output, "userland.erofs");
  await writeFile(`${image}.new`, bytes);
  await rename(`${image}.new`, image);
  const chunks = await writeChunks(join(output, "chunks"), bytes);
  const hot = new Set<number>();
  const touch = (start: number, length: number): void => {
    for (let at = start; at < start + length; at += CHUNK_SIZE) hot.add(Math.floor(at / CHUNK_SIZE));
    hot.add(Math.floor((start + length - 1) / CHUNK_SIZE));
  };
  touch(0, metadataSize);
  for (const path of promptFiles) {
    const place = places.get(tree.follow(path) ?? "");
    if (place !== undefined) touch(place.start, place.length);
  }
  const manifest: UserlandManifest = {
    schemaVersion: 1,
    kind,
    size: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    chunkSize: CHUNK_SIZE,
    chunks,
    prefetch: [...hot].sort((a, b) => a - b),
  };
  await writeFile(join(output, "manifest.json.new"), JSON.stringify(manifest));
  await rename(join(output, "manifest.json.new"), join(output, "manifest.json"));
  log(`${kind}, ${(bytes.length / 1e6).toFixed(1)} MB in ${new Set(chunks).size} chunks`);
}

await main();
