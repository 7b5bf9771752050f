/**
 * Builds the catalogue: `tsx guest-image/catalogue/build.ts [IMAGE… | packages]`, everything without a name. What is up to date is left alone,
 * and each image is usable as soon as it is there, so this runs in the background of `npm start`.
 *
 *   --update-lock   resolve all images anew from the suite and write the lock file
 *   --prebuilt      write hello-world and busybox into guest-image/prebuilt/images
 */

import { cp } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Catalogue, hashesOfBuilder } from "./catalogue.ts";
import { readLock, writeLock } from "./lock.ts";
import { currentLock, openPackageSources } from "./package-sources.ts";
import { readBytecode } from "./packages/bytecode.ts";
import { openSigningKey } from "./packages/signing.ts";
import {
  cacheDirectory,
  catalogueDirectory,
  lockPath,
  prebuiltDirectory,
  prebuiltImages,
  signingKeyPath,
} from "./paths.ts";
import { debianRecipes, prebuiltRecipes } from "./recipes/index.ts";
import { readIndex, updateIndex } from "./registry-layout.ts";
import { lockedStacks } from "./stacks.ts";

const NO_MIRROR =
  "No Debian mirror is known on this machine: set DRYDOCK_DEBIAN_MIRROR to the address of one (it ends in /debian) to build all images.";

const log = (line: string): void => console.error(`catalogue: ${line}`);

/** The committed images, which are there at once. */
async function copyPrebuilt(): Promise<void> {
  await cp(join(prebuiltImages, "v2"), join(catalogueDirectory, "v2"), { recursive: true });
  await updateIndex(catalogueDirectory, (await readIndex(prebuiltImages)).repositories);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { "update-lock": { type: "boolean" }, prebuilt: { type: "boolean" } },
  });
  const known = [...prebuiltRecipes, ...debianRecipes].map(({ name }) => name).concat("packages");
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    log(`no recipe for ${unknown.join(", ")}; there are ${known.join(", ")}`);
    return 2;
  }
  const sources = await openPackageSources(cacheDirectory, process.env, log);
  if (values["update-lock"]) {
    if (sources.mirror === undefined) throw new Error(NO_MIRROR);
    const date = Math.floor(Date.now() / 86_400_000) * 86_400;
    await writeLock(lockPath, await currentLock(sources.mirror, lockedStacks, date));
  }
  const catalogue = new Catalogue({
    root: values.prebuilt ? prebuiltImages : catalogueDirectory,
    lock: await readLock(lockPath),
    sources,
    key: await openSigningKey(signingKeyPath),
    bytecode: await readBytecode(prebuiltDirectory),
    builder: await hashesOfBuilder(),
    log,
  });
  if (!values.prebuilt) await copyPrebuilt();
  const parts = (values.prebuilt ? prebuiltRecipes : debianRecipes).map((recipe) => ({
    name: recipe.name,
    build: () => catalogue.build(recipe),
  }));
  // Behind Python, which they are mostly for, and before what few people build.
  const place = parts.findIndex(({ name }) => name === "python") + 1;
  if (!values.prebuilt) parts.splice(place, 0, { name: "packages", build: () => catalogue.buildPackages() });
  const failed: string[] = [];
  for (const { name, build } of parts) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    try {
      await build();
    } catch (cause) {
      failed.push(name);
      log(`${name} could not be built: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  if (failed.length === 0) {
    if (positionals.length === 0 && !values.prebuilt) await catalogue.prune();
    return 0;
  }
  if (sources.mirror === undefined) log(NO_MIRROR);
  log(`the catalogue lacks ${failed.join(", ")}; build again to add what is missing`);
  return 1;
}

process.exitCode = await main();
