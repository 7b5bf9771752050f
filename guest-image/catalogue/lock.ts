/**
 * The lock file: which Debian packages each layer is made of, by version, place in the archive and hash, without the archive's host.
 * `npm run catalogue:lock` style updates are `build.ts --update-lock`.
 */

import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import type { PackageFile, PackageIndex } from "../debian/package-index.ts";
import { requiredPackages, resolve } from "../debian/resolve.ts";
import type { LayerRecipe } from "./recipe.ts";

const lockSchema = z.object({
  suite: z.string(),
  /** Of every file that is made rather than unpacked, and of the images: seconds since the epoch. */
  date: z.number().int(),
  packages: z.record(
    z.string(),
    z.object({
      version: z.string(),
      path: z.string().regex(/^pool\//),
      size: z.number().int(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
  /** Package names by layer, in the order of their installation. */
  layers: z.record(z.string(), z.array(z.string())),
});

export type Lock = Readonly<z.infer<typeof lockSchema>>;

export async function readLock(path: string): Promise<Lock> {
  return lockSchema.parse(JSON.parse(await readFile(path, "utf8")));
}

export async function writeLock(path: string, lock: Lock): Promise<void> {
  const sorted = (record: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
  const packages = Object.entries(sorted(lock.packages)).map(
    ([name, file]) => `    "${name}": ${JSON.stringify(file)}`,
  );
  const layers = Object.entries(sorted(lock.layers)).map(([id, names]) => `    "${id}": ${JSON.stringify(names)}`);
  // One line a package, so that a diff shows what changed.
  const text = `{
  "suite": ${JSON.stringify(lock.suite)},
  "date": ${lock.date},
  "packages": {
${packages.join(",\n")}
  },
  "layers": {
${layers.join(",\n")}
  }
}
`;
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

/** A layer and those below it, lowest first. */
export type LayerStack = readonly LayerRecipe[];

/** Resolves layers anew from a suite's index. */
export function makeLock(index: PackageIndex, stacks: readonly LayerStack[], suite: string, date: number): Lock {
  const layers: Record<string, string[]> = {};
  const packages: Lock["packages"] = {};
  for (const stack of stacks) {
    const installed: string[] = [];
    for (const layer of stack) {
      const names = layers[layer.id] ?? [];
      if (layers[layer.id] === undefined) {
        const wanted = [...(layer.required ? requiredPackages(index) : []), ...layer.packages];
        for (const { name, version, path, size, sha256 } of resolve(index, wanted, {
          installed,
          without: layer.without ?? [],
        })) {
          names.push(name);
          packages[name] = { version, path, size, sha256 };
        }
        layers[layer.id] = names;
      }
      installed.push(...names);
    }
  }
  return { suite, date, packages, layers };
}

export function filesOf(lock: Lock, layer: LayerRecipe): readonly PackageFile[] {
  const names = lock.layers[layer.id];
  if (names === undefined) throw new Error(`the lock file has no layer ${layer.id}: run build.ts --update-lock`);
  return names.map((name) => {
    const file = lock.packages[name];
    if (file === undefined) throw new Error(`the lock file has no package ${name}: run build.ts --update-lock`);
    return { name, ...file };
  });
}
