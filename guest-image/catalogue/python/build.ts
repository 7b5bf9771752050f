/**
 * Makes guest-image/prebuilt/python-bytecode.tar.br: `tsx guest-image/catalogue/python/build.ts`. Needs Python 3.11 (python3.11 on the PATH) and a
 * Debian mirror. modules.txt names the modules: what starting Python, pip, Flask, gunicorn and the usual parts of the library imports.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { packTar, type TarEntry } from "modern-tar";
import { LayerBuilder } from "../layer-builder.ts";
import { filesOf, readLock } from "../lock.ts";
import { openPackageSources } from "../package-sources.ts";
import { distributionOf } from "../packages/wheel.ts";
import { wheelLayer } from "../packages/wishes.ts";
import { cacheDirectory, lockPath, prebuiltDirectory } from "../paths.ts";
import { python } from "../recipes/python.ts";

/** Where pip puts what it installs. */
const LOCAL = "usr/local/lib/python3.11/dist-packages/";
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const log = (line: string): void => console.error(`python: ${line}`);

const lock = await readLock(lockPath);
const { cache } = await openPackageSources(cacheDirectory, process.env, log);
const tree = await new LayerBuilder({
  lock,
  packages: cache,
  prebuiltDirectory,
  cacheDirectory: join(cacheDirectory, "layers"),
  builder: "",
  aptKey: new Uint8Array(),
  bytecode: new Map(),
  log,
}).tree(python.layers);

const wheels = filesOf(lock, wheelLayer);
await cache.ensure(wheels);
const installed = new Map<string, Uint8Array>();
for (const file of wheels) {
  for (const [path, data] of distributionOf(await cache.read(file))?.files ?? []) installed.set(LOCAL + path, data);
}

const directory = await mkdtemp(join(tmpdir(), "bytecode-"));
try {
  const lines: string[] = [];
  const hashes = new Set<string>();
  for (const path of (await readFile(here("modules.txt"), "utf8")).split("\n").filter((line) => line !== "")) {
    const node = tree.get(path);
    const source = installed.get(path) ?? (node?.kind === "file" ? node.data : undefined);
    if (source === undefined) {
      log(`${path} is gone and was left out`);
      continue;
    }
    const hash = createHash("sha256").update(source).digest("hex");
    if (hashes.has(hash)) continue;
    hashes.add(hash);
    await writeFile(join(directory, `${hash}.py`), source);
    lines.push(`${join(directory, `${hash}.py`)}\t${join(directory, hash)}\t/${path}`);
  }
  execFileSync("python3.11", ["-I", here("compile.py")], { input: lines.join("\n") });
  const entries: TarEntry[] = [];
  for (const hash of [...hashes].sort()) {
    const body = await readFile(join(directory, hash));
    entries.push({ header: { name: hash, size: body.length, mtime: new Date(0) }, body });
  }
  const tar = await packTar(entries);
  const { BROTLI_PARAM_LGWIN, BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants;
  const params = { [BROTLI_PARAM_QUALITY]: 11, [BROTLI_PARAM_LGWIN]: 24, [BROTLI_PARAM_SIZE_HINT]: tar.length };
  const packed = brotliCompressSync(tar, { params });
  await writeFile(join(prebuiltDirectory, "python-bytecode.tar.br"), packed);
  log(`${entries.length} modules, ${(packed.length / 1e6).toFixed(1)} MB`);
} finally {
  await rm(directory, { recursive: true });
}
