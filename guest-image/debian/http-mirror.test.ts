import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HttpMirror, releaseHash } from "./http-mirror.ts";
import type { DebianMirror } from "./mirror.ts";
import { PackageCache, PackagesGone } from "./package-cache.ts";
import type { PackageFile } from "./package-index.ts";
import { makeDeb } from "./testing/make-deb.ts";

let directory: string;
let server: Server;
let files: Map<string, Buffer>;
let requests: { readonly path: string; readonly range: string | undefined }[];
let said: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "mirror-"));
  files = new Map();
  requests = [];
  said = [];
  server = createServer((request, response) => {
    const path = decodeURI(request.url ?? "").replace("/debian/", "");
    requests.push({ path, range: request.headers.range });
    const content = files.get(path);
    if (content === undefined) return response.writeHead(404).end();
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    return response.writeHead(from > 0 ? 206 : 200).end(content.subarray(from));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true });
});

function mirror(): DebianMirror {
  const { port } = server.address() as AddressInfo;
  return new HttpMirror({
    base: `http://127.0.0.1:${port}/debian/`,
    cacheDirectory: directory,
    environment: {},
    log: (line) => said.push(line),
  });
}

function put(path: string, content: Buffer): PackageFile {
  files.set(path, content);
  return {
    name: "tiny",
    version: "1",
    path,
    size: content.length,
    sha256: createHash("sha256").update(content).digest("hex"),
  };
}

test("a package is fetched once, checked, and read from the cache afterwards", async () => {
  const file = put("pool/t/tiny_1+b1.deb", Buffer.from(await makeDeb("Package: tiny\nVersion: 1\n", [])));
  const cache = new PackageCache(join(directory, "debs"), [mirror()], () => {});
  await cache.ensure([file]);
  await cache.ensure([file]);
  expect((await cache.read(file)).control.get("package")).toBe("tiny");
  expect(requests).toHaveLength(1);
});

test("an interrupted download goes on where it stopped", async () => {
  const file = put("pool/t/tiny.deb", Buffer.from("0123456789"));
  const target = join(directory, "tiny.deb");
  await writeFile(`${target}.part`, "01234");
  await mirror().fetch([{ file, target }]);
  expect(requests).toEqual([{ path: file.path, range: "bytes=5-" }]);
  expect(await readFile(target, "utf8")).toBe("0123456789");
});

test("other content than the lock file's is refused", async () => {
  const file = { ...put("pool/t/tiny.deb", Buffer.from("other")), sha256: "0".repeat(64) };
  const cache = new PackageCache(join(directory, "debs"), [mirror()], () => {});
  await expect(cache.ensure([file])).rejects.toThrow(PackagesGone);
  expect(said.join()).toContain("another SHA-256");
});

test("what the mirror dropped comes from the next source, and is named when none has it", async () => {
  const content = Buffer.from("kept by the snapshot");
  const kept = put("pool/t/kept.deb", content);
  const lost = { ...kept, name: "lost", path: "pool/t/lost.deb", sha256: "1".repeat(64) };
  const empty: DebianMirror = { index: () => Promise.reject(new Error("none")), fetch: async () => {} };
  const cache = new PackageCache(join(directory, "debs"), [empty, mirror()], () => {});
  await cache.ensure([kept]);
  await expect(cache.ensure([kept, lost])).rejects.toThrow("does not give lost 1");
});

test("an index whose Release file nobody signed is not believed", async () => {
  put("dists/bookworm/InRelease", Buffer.from("SHA256:\n 00 1 main/binary-i386/Packages.xz\n"));
  // With gpgv and Debian's keyring the signature fails; without, the hash does.
  await expect(mirror().index()).rejects.toThrow(/no valid signature|404/);
});

test("hashes are found in a Release file's SHA256 list alone", () => {
  const release = "MD5Sum:\n aa 1 main/x\nSHA256:\n bb 22 main/y\n cc 33 main/x\nSigned-By: me\n";
  expect(releaseHash(release, "main/x")).toEqual({ sha256: "cc", size: 33 });
  expect(releaseHash(release, "main/z")).toBeUndefined();
});
