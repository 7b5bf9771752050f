/**
 * Wheels (the binary distribution format of PEP 427) made from Debian's python3-* packages. Debian keeps the distribution's metadata beside
 * the modules, but moves its requirements into the package's Depends: they are taken from there.
 */

import { createHash } from "node:crypto";
import { type Zippable, zipSync } from "fflate";
import type { Deb } from "../../debian/deb.ts";
import { parseRelations } from "../../debian/relations.ts";
import { bytecodePath } from "./bytecode.ts";

const SITE = "usr/lib/python3/dist-packages/";
const METADATA = /^([^/]+)\.(?:egg-info|dist-info)(?:\/(?:PKG-INFO|METADATA))?$/;
/** Debian's dependencies that Python 3.11 on Linux does without, as the projects' own metadata say: fewer downloads for pip. */
const NEEDLESS: Readonly<Record<string, readonly string[]>> = {
  "python3-async-timeout": ["python3-typing-extensions"],
  "python3-click": ["python3-colorama"],
  "python3-redis": ["python3-typing-extensions"],
  "python3-requests": ["python3-chardet"],
  "python3-starlette": ["python3-typing-extensions"],
  "python3-wrapt": ["python3-six"],
};
/** zip knows no time before 1980; a fixed one keeps wheels the same from build to build. */
const ZIP_TIME = new Date("1980-01-02T00:00:00Z");

export interface Distribution {
  /** As in the metadata: "Flask". */
  readonly name: string;
  readonly version: string;
  readonly debianName: string;
  readonly metadata: string;
  /** Debian packages that it depends on. */
  readonly depends: readonly string[];
  readonly entryPoints: Uint8Array | undefined;
  /** Debian's record of copyrights and licences. */
  readonly copyright: Uint8Array | undefined;
  /** By path below dist-packages. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export interface Wheel {
  readonly fileName: string;
  readonly data: Uint8Array;
}

/** PEP 503: how indexes and installers spell a project's name. */
export const normalizedName = (name: string): string => name.replace(/[-_.]+/g, "-").toLowerCase();

/** The distribution in a package; undefined when it installs none. */
export function distributionOf({ control, entries }: Deb): Distribution | undefined {
  const files = new Map<string, Uint8Array>();
  let metadata: Uint8Array | undefined;
  let entryPoints: Uint8Array | undefined;
  let copyright: Uint8Array | undefined;
  for (const { path, node } of entries) {
    if (node.kind !== "file") continue;
    if (/^usr\/share\/doc\/[^/]+\/copyright$/.test(path)) copyright = node.data;
    if (!path.startsWith(SITE)) continue;
    const name = path.slice(SITE.length);
    if (METADATA.test(name)) metadata = node.data;
    else if (/\.(egg|dist)-info\/entry_points\.txt$/.test(name)) entryPoints = node.data;
    else if (!/\.(egg|dist)-info\//.test(name)) files.set(name, node.data);
  }
  if (metadata === undefined) return undefined;
  const text = new TextDecoder().decode(metadata);
  const field = (name: string): string => new RegExp(`^${name}: (.+)$`, "m").exec(text)?.[1]?.trim() ?? "";
  return {
    name: field("Name"),
    version: field("Version"),
    debianName: control.get("package") ?? "",
    metadata: text,
    depends: parseRelations(control.get("depends")).flatMap(([first]) => first?.name ?? []),
    entryPoints,
    copyright,
    files,
  };
}

const sha256 = (data: Uint8Array): string => createHash("sha256").update(data).digest("base64url");

/** `siblings` are the distributions that requirements may name, by Debian package. */
export function makeWheel(
  { name, version, debianName, metadata, depends, entryPoints, copyright, files }: Distribution,
  siblings: ReadonlyMap<string, Distribution>,
  bytecode: ReadonlyMap<string, Uint8Array> = new Map(),
): Wheel {
  const escaped = name.replace(/[-_.]+/g, "_");
  const info = `${escaped}-${version}.dist-info`;
  const native = [...files.keys()].some((path) => path.endsWith(".so"));
  const tag = native ? "cp311-cp311-linux_i686" : "py3-none-any";
  const needed = depends.filter((other) => !(NEEDLESS[debianName] ?? []).includes(other));
  const requires = needed.flatMap((other) => siblings.get(other)?.name ?? []);
  const [headers = "", ...body] = metadata.split("\n\n");
  const kept = headers.split("\n").filter((line) => !/^(Requires-Dist|Provides-Extra):/.test(line));
  const text = [[...kept, ...requires.map((other) => `Requires-Dist: ${other}`)].join("\n").trim(), ...body].join(
    "\n\n",
  );
  const content = new Map<string, Uint8Array>(files);
  for (const [path, data] of files) {
    const compiled = path.endsWith(".py") ? bytecode.get(createHash("sha256").update(data).digest("hex")) : undefined;
    if (compiled !== undefined) content.set(bytecodePath(path), compiled);
  }
  const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value);
  content.set(`${info}/METADATA`, utf8(`${text}\n`));
  content.set(
    `${info}/WHEEL`,
    utf8(`Wheel-Version: 1.0\nGenerator: drydock\nRoot-Is-Purelib: ${!native}\nTag: ${tag}\n`),
  );
  if (entryPoints !== undefined) content.set(`${info}/entry_points.txt`, entryPoints);
  if (copyright !== undefined) content.set(`${info}/LICENSE`, copyright);
  const record = [...content].map(([path, data]) => `${path},sha256=${sha256(data)},${data.length}\n`);
  content.set(`${info}/RECORD`, utf8(`${record.join("")}${info}/RECORD,,\n`));
  const zip: Zippable = {};
  for (const [path, data] of [...content].sort(([a], [b]) => (a < b ? -1 : 1)))
    zip[path] = [data, { mtime: ZIP_TIME, level: 9 }];
  return { fileName: `${escaped}-${version}-${tag}.whl`, data: zipSync(zip) };
}
