import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strFromU8, unzipSync } from "fflate";
import { readCleartextMessage, readKey, verify } from "openpgp";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readDeb } from "../../debian/deb.ts";
import { FileTree } from "../../debian/file-tree.ts";
import { PackageCache } from "../../debian/package-cache.ts";
import type { PackageFile } from "../../debian/package-index.ts";
import { makeDeb } from "../../debian/testing/make-deb.ts";
import { writeAptRepository } from "./apt-repository.ts";
import { addBytecode, bytecodePath } from "./bytecode.ts";
import { openSigningKey } from "./signing.ts";
import { type Distribution, distributionOf, makeWheel } from "./wheel.ts";
import { writeWheelIndex } from "./wheel-index.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "packages-"));
});
afterEach(() => rm(directory, { recursive: true }));

const SITE = "./usr/lib/python3/dist-packages";
const tiny = (name: string, depends = "", native = false) =>
  makeDeb(`Package: python3-${name.toLowerCase()}\nVersion: 1-1\nDepends: python3:any${depends}\n`, [
    { header: { name: `${SITE}/${name}/__init__.py`, size: 5 }, body: "x = 1" },
    ...(native ? [{ header: { name: `${SITE}/${name}/_c.cpython-311-i386-linux-gnu.so`, size: 1 }, body: "e" }] : []),
    {
      header: { name: `${SITE}/${name}-1.0.egg-info/PKG-INFO`, size: 61 + name.length },
      body: `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n\nLong description.\n`.padEnd(61 + name.length, "."),
    },
    { header: { name: `${SITE}/${name}-1.0.egg-info/entry_points.txt`, size: 3 }, body: "[x]" },
  ]);

async function cached(deb: Uint8Array, name: string): Promise<PackageFile> {
  const sha256 = createHash("sha256").update(deb).digest("hex");
  await writeFile(join(directory, `${sha256}.deb`), deb);
  return { name, version: "1-1", path: `pool/main/${name}.deb`, size: deb.length, sha256 };
}

const distribution = async (deb: Promise<Uint8Array>): Promise<Distribution> => {
  const found = distributionOf(await readDeb(await deb));
  if (found === undefined) throw new Error("no distribution");
  return found;
};

test("a wheel has the modules, the requirements from Debian's Depends, and a record that matches", async () => {
  const base = await distribution(tiny("Base"));
  const app = await distribution(tiny("App", ", python3-base (>= 1), libc6"));
  const { fileName, data } = makeWheel(app, new Map([["python3-base", base]]));
  expect(fileName).toBe("App-1.0-py3-none-any.whl");
  const files = unzipSync(data);
  expect(strFromU8(files["App-1.0.dist-info/METADATA"] ?? new Uint8Array())).toContain("\nRequires-Dist: Base\n\nLong");
  const hash = createHash("sha256").update("x = 1").digest("base64url");
  expect(strFromU8(files["App-1.0.dist-info/RECORD"] ?? new Uint8Array())).toContain(
    `App/__init__.py,sha256=${hash},5`,
  );
  expect(Object.keys(files)).toContain("App-1.0.dist-info/entry_points.txt");
});

test("a wheel with compiled extensions is for this processor alone", async () => {
  const { fileName } = makeWheel(await distribution(tiny("Fast", "", true)), new Map());
  expect(fileName).toBe("Fast-1.0-cp311-cp311-linux_i686.whl");
});

test("pip finds a distribution under its normalized name, with the wheel's hash", async () => {
  const files = [await cached(await tiny("Tiny.Thing"), "python3-tiny")];
  const names = await writeWheelIndex(
    join(directory, "out"),
    new PackageCache(directory, [], () => {}),
    files,
    new Map(),
  );
  expect(names).toEqual(["tiny-thing"]);
  const [wheel = ""] = await readdir(join(directory, "out/pip/wheels"));
  const hash = createHash("sha256")
    .update(await readFile(join(directory, "out/pip/wheels", wheel)))
    .digest("hex");
  const page = await readFile(join(directory, "out/pip/simple/tiny-thing/index.html"), "utf8");
  expect(page).toContain(`href="../../wheels/${wheel}#sha256=${hash}"`);
});

test("the apt repository is signed, and its hashes lead down to the packages", async () => {
  const file = await cached(await makeDeb("Package: tool\nVersion: 1-1\nArchitecture: i386\n", []), "tool");
  const key = await openSigningKey(join(directory, "key"));
  const root = join(directory, "out");
  await writeAptRepository({
    root,
    packages: new PackageCache(directory, [], () => {}),
    files: [file],
    key,
    date: 1_790_000_000,
  });
  const signed = await readFile(join(root, "apt/debian/dists/bookworm/InRelease"), "utf8");
  const message = await readCleartextMessage({ cleartextMessage: signed });
  const publicKey = await readKey({ binaryKey: (await openSigningKey(join(directory, "key"))).publicKey });
  const { signatures } = await verify({ message, verificationKeys: publicKey });
  expect(await signatures[0]?.verified).toBe(true);
  const packages = await readFile(join(root, "apt/debian/dists/bookworm/main/binary-i386/Packages"));
  expect(signed).toContain(createHash("sha256").update(packages).digest("hex"));
  expect(packages.toString()).toContain(`Filename: ${file.path}\nSize: ${file.size}\nSHA256: ${file.sha256}\n`);
  expect(await readFile(join(root, "apt/debian", file.path))).toHaveLength(file.size);
});

test("bytecode lies where Python looks, and only for the very source that it was made from", () => {
  const tree = new FileTree(0);
  tree.file("lib/a/same.py", "same");
  tree.file("lib/a/changed.py", "changed since");
  addBytecode(tree, new Map([[createHash("sha256").update("same").digest("hex"), Uint8Array.of(1)]]));
  expect(bytecodePath("same.py")).toBe("__pycache__/same.cpython-311.pyc");
  expect(tree.get("lib/a/__pycache__/same.cpython-311.pyc")).toMatchObject({ kind: "file" });
  expect(tree.get("lib/a/__pycache__/changed.cpython-311.pyc")).toBeUndefined();
});
