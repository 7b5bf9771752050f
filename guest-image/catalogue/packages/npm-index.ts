/**
 * npm packages made from Debian's node-* packages, as plain files: /npm/packages/NAME.json is a package's document without addresses,
 * /npm/tarballs the packages. The machine's network gateway makes a registry of it (worker/network/npm-registry.ts). A Debian package may
 * hold several modules, each a folder with a package.json of its own; what is not there Debian's modules do without.
 */
import { createHash } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import type { Deb } from "../../debian/deb.ts";
import type { PackageCache } from "../../debian/package-cache.ts";
import type { PackageFile } from "../../debian/package-index.ts";
import { place } from "../registry-layout.ts";

const MODULES = "usr/share/nodejs/";
const MODULE = /^((?:@[^/]+\/)?[^/@][^/]*)\/(.+)$/;
/** npm's own packages carry this time. */
const TIME = new Date("1985-10-26T08:15:00Z");

export interface NpmModule {
  readonly name: string;
  readonly version: string;
  readonly manifest: Readonly<Record<string, unknown>>;
  /** By path in the module's folder. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** The modules in a package that have a name and a version. */
export function modulesOf({ entries }: Pick<Deb, "entries">): readonly NpmModule[] {
  const folders = new Map<string, Map<string, Uint8Array>>();
  let copyright: Uint8Array | undefined;
  for (const { path, node } of entries) {
    if (node.kind !== "file") continue;
    if (/^usr\/share\/doc\/[^/]+\/copyright$/.test(path)) copyright = node.data;
    const [, name, file] = path.startsWith(MODULES) ? (MODULE.exec(path.slice(MODULES.length)) ?? []) : [];
    if (name === undefined || file === undefined) continue;
    const files = folders.get(name) ?? new Map<string, Uint8Array>();
    folders.set(name, files.set(file, node.data));
  }
  return [...folders].flatMap(([folder, files]) => {
    const manifest = readManifest(files.get("package.json"));
    const { name, version } = manifest;
    if (name !== folder || typeof version !== "string") return [];
    if (copyright !== undefined) files.set("LICENSE.debian", copyright);
    return [{ name: folder, version, manifest, files }];
  });
}

function readManifest(data: Uint8Array | undefined): Readonly<Record<string, unknown>> {
  try {
    return data === undefined ? {} : JSON.parse(new TextDecoder().decode(data));
  } catch {
    return {};
  }
}

/** Fields of package.json that concern who develops it, or would run something at its installation. */
const DROPPED = ["devDependencies", "optionalDependencies", "peerDependencies", "peerDependenciesMeta", "scripts"];

/** What a registry says of the version, and the package itself. Debian builds its modules against each other: any version of theirs will do. */
export async function makePackage(
  module: NpmModule,
  known: ReadonlySet<string>,
): Promise<{ readonly manifest: Readonly<Record<string, unknown>>; readonly file: string; readonly data: Uint8Array }> {
  const own = Object.fromEntries(Object.entries(module.manifest).filter(([key]) => !DROPPED.includes(key)));
  const wanted = Object.keys((own.dependencies ?? {}) as Record<string, string>).filter((name) => known.has(name));
  const manifest = { ...own, dependencies: Object.fromEntries(wanted.sort().map((name) => [name, "*"])) };
  const text = new TextEncoder().encode(`${JSON.stringify(manifest, undefined, 2)}\n`);
  const files = new Map([...module.files, ["package.json", text]]);
  const tar = await packTar(
    [...files]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, body]) => ({
        header: { name: `package/${path}`, size: body.length, mode: 0o644, mtime: TIME },
        body,
      })),
  );
  const data = gzipSync(tar, { level: 9 });
  const file = `${module.name.replace("@", "").replace("/", "-")}-${module.version}.tgz`;
  const hash = (algorithm: string) => createHash(algorithm).update(data);
  const dist = {
    tarball: file,
    integrity: `sha512-${hash("sha512").digest("base64")}`,
    shasum: hash("sha1").digest("hex"),
  };
  return { manifest: { ...manifest, dist }, file, data };
}

/** The modules and all that they depend on. */
export function closure(modules: ReadonlyMap<string, NpmModule>, roots: readonly string[]): readonly NpmModule[] {
  const found = new Map<string, NpmModule>();
  const add = (name: string): void => {
    const module = modules.get(name);
    if (module === undefined || found.has(name)) return;
    found.set(name, module);
    for (const other of Object.keys((module.manifest.dependencies ?? {}) as Record<string, string>)) add(other);
  };
  for (const root of roots) add(root);
  return [...found.values()];
}

/** Writes the index of `roots` and what they need, and gives the names in it. */
export async function writeNpmIndex(
  root: string,
  packages: PackageCache,
  debs: readonly PackageFile[],
  roots: readonly string[],
): Promise<readonly string[]> {
  const all = new Map<string, NpmModule>();
  for (const deb of debs) for (const module of modulesOf(await packages.read(deb))) all.set(module.name, module);
  const modules = closure(all, roots);
  const known = new Set(modules.map(({ name }) => name));
  const written = new Set<string>();
  await rm(join(root, "npm/packages"), { recursive: true, force: true });
  for (const module of modules) {
    const { manifest, file, data } = await makePackage(module, known);
    await place(join(root, "npm/tarballs", file), data);
    written.add(file);
    const { name, version } = module;
    const document = { name, "dist-tags": { latest: version }, versions: { [version]: manifest } };
    await place(join(root, "npm/packages", `${name}.json`), new TextEncoder().encode(`${JSON.stringify(document)}\n`));
  }
  for (const file of await readdir(join(root, "npm/tarballs")))
    if (!written.has(file)) await rm(join(root, "npm/tarballs", file));
  return [...known].sort();
}
