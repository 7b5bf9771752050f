import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { unpackTar } from "modern-tar";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readDeb } from "../../debian/deb.ts";
import { PackageCache } from "../../debian/package-cache.ts";
import { makeDeb } from "../../debian/testing/make-deb.ts";
import { makePackage, modulesOf, writeNpmIndex } from "./npm-index.ts";
import { aptHosts, upstreams } from "./upstreams.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "npm-index-"));
});
afterEach(() => rm(directory, { recursive: true }));

const deb = (files: Readonly<Record<string, unknown>>) =>
  makeDeb(
    "Package: node-web\nVersion: 1-1\n",
    Object.entries(files).map(([path, content]) => {
      const body = typeof content === "string" ? content : JSON.stringify(content);
      return { header: { name: `./${path}`, size: body.length }, body };
    }),
  );

const web = () =>
  deb({
    "usr/share/nodejs/web/package.json": {
      name: "web",
      version: "2.0.0",
      dependencies: { "@x/part": "^1.0.0", elsewhere: "1" },
      devDependencies: { test: "1" },
      scripts: { postinstall: "make" },
    },
    "usr/share/nodejs/web/lib/index.js": "module.exports = 1",
    "usr/share/nodejs/@x/part/package.json": { name: "@x/part", version: "1.1.0" },
    "usr/share/nodejs/other/package.json": { name: "other", version: "1.0.0" },
    "usr/share/nodejs/nameless/package.json": { version: "1.0.0" },
    "usr/share/doc/node-web/copyright": "free",
  });

test("a Debian package's modules become npm packages that run nothing and need only each other", async () => {
  const modules = modulesOf(await readDeb(await web()));
  expect(modules.map(({ name, version }) => `${name} ${version}`)).toEqual([
    "web 2.0.0",
    "@x/part 1.1.0",
    "other 1.0.0",
  ]);
  const [module] = modules;
  if (module === undefined) throw new Error("no module");
  const { manifest, file, data } = await makePackage(module, new Set(["web", "@x/part"]));
  const { dist, ...rest } = manifest as Record<string, unknown>;
  expect(rest).toEqual({ name: "web", version: "2.0.0", dependencies: { "@x/part": "*" } });
  expect(file).toBe("web-2.0.0.tgz");
  expect(dist).toMatchObject({
    tarball: "web-2.0.0.tgz",
    integrity: `sha512-${createHash("sha512").update(data).digest("base64")}`,
  });
  const entries = await unpackTar(new Uint8Array(gunzipSync(data)));
  expect(entries.map(({ header }) => header.name)).toEqual([
    "package/LICENSE.debian",
    "package/lib/index.js",
    "package/package.json",
  ]);
});

test("the index holds what is wished for and what that needs, and drops what it held before", async () => {
  const data = await web();
  const sha256 = createHash("sha256").update(data).digest("hex");
  await writeFile(join(directory, `${sha256}.deb`), data);
  const file = { name: "node-web", version: "1-1", path: "pool/main/web.deb", size: data.length, sha256 };
  const packages = new PackageCache(directory, [], () => undefined);
  expect(await writeNpmIndex(directory, packages, [file], ["other"])).toEqual(["other"]);
  expect(await writeNpmIndex(directory, packages, [file], ["web"])).toEqual(["@x/part", "web"]);
  const document = JSON.parse(await readFile(join(directory, "npm/packages/@x/part.json"), "utf8"));
  expect(document).toMatchObject({ name: "@x/part", "dist-tags": { latest: "1.1.0" } });
  await readFile(join(directory, "npm/tarballs/x-part-1.1.0.tgz"));
  await expect(readFile(join(directory, "npm/packages/other.json"))).rejects.toThrow("ENOENT");
  await expect(readFile(join(directory, "npm/tarballs/other-1.0.0.tgz"))).rejects.toThrow("ENOENT");
});

test("the upstream indexes are the builder's own, without its passwords, unless variables say otherwise", async () => {
  const said: Readonly<Record<string, string>> = {
    "pip config get global.index-url": "https://user:secret@index.example/simple/",
    "npm config get registry": "https://npm.example/",
  };
  const ask = async (program: string, args: readonly string[]) => said[[program, ...args].join(" ")];
  expect(await upstreams({}, ask)).toEqual({ pip: "https://index.example/simple/", npm: "https://npm.example/" });
  expect(await upstreams({ DRYDOCK_PIP_INDEX: "", DRYDOCK_NPM_REGISTRY: "http://mine.example/" }, ask)).toEqual({
    npm: "http://mine.example/",
  });
  expect(await upstreams({}, async () => undefined)).toEqual({});
});

test("apt's archives are those that the image's own sources.list names", async () => {
  const found = aptHosts(
    await readDeb(
      await deb({
        "usr/share/doc/apt/examples/sources.list":
          "# deb http://commented.example/x y main\ndeb http://archive.example/debian stable main\ndeb [trusted=no] http://security.example/debian-security stable main\n",
      }),
    ),
  );
  expect(found).toEqual(["archive.example", "security.example"]);
});
