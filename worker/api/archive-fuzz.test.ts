/** Archives that were cut, bent or made up, where clients may send some: loading and importing images, and into containers. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { streamOfBytes } from "../engine/bytes.ts";
import { makeKit } from "../engine/containers/testing/kit.ts";
import { EngineError } from "../engine/errors.ts";
import { dockerArchive, gzip, type TestImage, tarOf, testImage, textFile } from "../engine/testing/image-archives.ts";
import { imageFixture } from "../engine/testing/image-fixture.ts";
import { Router } from "./router.ts";
import { containerRoutes } from "./routes/containers.ts";
import { imageRoutes } from "./routes/images.ts";

/** One change to an archive: bytes written over, taken out, or put in. */
const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.nat({ max: 700 }),
  insert: fc.uint8Array({ maxLength: 20 }),
});
type Change = { readonly at: number; readonly remove: number; readonly insert: Uint8Array };

function changed(bytes: Uint8Array, { at, remove, insert }: Change): Uint8Array {
  const from = Math.floor(at * bytes.length);
  return Uint8Array.from([...bytes.subarray(0, from), ...insert, ...bytes.subarray(from + remove)]);
}

/** What JavaScript says about itself is a defect shown to a user. */
const unspeakable = /undefined|is not a function|Cannot read prop|is not iterable|\[object|Invalid (array|typed)|NaN/;

/** Everything that the engine says of the archive, errors of the stream included. */
async function upload(path: string, archive: Uint8Array): Promise<string> {
  const { service } = await imageFixture();
  const router = new Router(
    imageRoutes(service, {
      toCommit: (reference) => {
        throw new EngineError("notFound", `No such container: ${reference}`);
      },
    }),
  );
  const { status, body } = await router.request({
    method: "POST",
    path,
    body: { kind: "stream", stream: streamOfBytes(archive) },
  });
  expect(status).toBeLessThan(600);
  if (body.kind !== "jsonLines") return JSON.stringify(body);
  const said: unknown[] = [];
  for await (const value of body.values) said.push(value);
  return JSON.stringify(said);
}

const valid = async (): Promise<TestImage> =>
  testImage([[textFile("a/b", "1"), textFile("c", "2".repeat(700))], [textFile("a/.wh.b", "")]], { Cmd: ["/c"] });

/** Members of archives, likely and unlikely ones. */
const names = fc.constantFrom("a", "a/b", "../x", "/abs", "a//b/./c", ".wh.a", "dir/.wh..wh..opq", "x".repeat(300), "");
const entry = fc.record({
  name: names,
  type: fc.constantFrom("file", "directory", "symlink", "hardlink", "fifo", "char", "block"),
  linkName: fc.constantFrom("", "a", "../../etc/passwd", "/etc", "x".repeat(200)),
});

const madeUp = (entries: readonly { readonly name: string; readonly type: string; readonly linkName: string }[]) =>
  tarOf(
    entries.map(({ name, type, linkName }) => ({
      header: { name, type: type as "file", linkName },
      ...(type === "file" ? { body: new TextEncoder().encode(name) } : {}),
    })),
  );

describe("archives of any shape", () => {
  it("are loaded or refused in words, whatever was changed in them", async () => {
    const image = await valid();
    const plain = await dockerArchive(image, ["app:1"]);
    const archives = [plain, await gzip(plain)];
    for (const archive of archives) expect(await upload("/images/load", archive)).toContain("Loaded image: app:1");
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...archives),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        async (archive, changes) => {
          expect(await upload("/images/load", changes.reduce(changed, archive))).not.toMatch(unspeakable);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("are loaded or refused in words, whatever their manifests and configurations say", async () => {
    const image = await valid();
    const any = fc.jsonValue({ maxDepth: 3 });
    const manifest = fc.oneof(
      any,
      fc.array(
        fc.record(
          {
            Config: fc.oneof(fc.constantFrom("config.json", "../config.json", "/etc/passwd", "nothing"), any),
            RepoTags: fc.oneof(fc.array(fc.string()), any),
            Layers: fc.oneof(fc.array(fc.constantFrom("l/layer.tar", "nothing", "..")), any),
          },
          { requiredKeys: [] },
        ),
        { maxLength: 2 },
      ),
    );
    const config = fc.oneof(
      any,
      fc.record(
        { architecture: any, os: any, config: any, history: any, rootfs: fc.oneof(any, fc.record({ diff_ids: any })) },
        { requiredKeys: [] },
      ),
    );
    await fc.assert(
      fc.asyncProperty(manifest, config, async (says, is) => {
        const archive = await tarOf([
          textFile("config.json", JSON.stringify(is)),
          { header: { name: "l/layer.tar", type: "file" }, body: image.layers[0] ?? new Uint8Array() },
          textFile("manifest.json", JSON.stringify(says)),
        ]);
        expect(await upload("/images/load", archive)).not.toMatch(unspeakable);
      }),
      { numRuns: 400 },
    );
  });

  it("become a layer or are refused in words when they are imported", async () => {
    const imported = await upload("/images/create?fromSrc=-&repo=imported", await tarOf([textFile("a", "1")]));
    expect(imported).toMatch(/"sha256:[0-9a-f]{64}"/);
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 8 }),
        fc.array(change, { maxLength: 2 }),
        async (entries, changes) => {
          const archive = await madeUp(entries);
          const said = await upload("/images/create?fromSrc=-&repo=imported", changes.reduce(changed, archive));
          expect(said).not.toMatch(unspeakable);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("are unpacked into a container or refused in words, and never beside their place", async () => {
    const kit = await makeKit();
    await kit.containers.create({ Image: "busybox" }, "c1");
    const router = new Router(containerRoutes(kit.containers));
    const put = (path: string, archive: Uint8Array) =>
      router.request({
        method: "PUT",
        path: `/containers/c1/archive?path=${encodeURIComponent(path)}`,
        body: { kind: "stream", stream: streamOfBytes(archive) },
      });
    const before = new Set(kit.guest.files.paths());
    expect(await put("/", await tarOf([textFile("a", "1")]))).toMatchObject({ status: 200 });
    expect(kit.guest.opsOf("write").at(-1)?.path).toMatch(/(^|\/)a$/);
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 8 }),
        fc.array(change, { maxLength: 2 }),
        fc.constantFrom("/", "/tmp", "/etc", "/nosuch", "etc/..", ""),
        async (entries, changes, path) => {
          const archive = changes.reduce(changed, await madeUp(entries));
          const { status, body } = await put(path, archive);
          expect(status).toBeLessThan(600);
          expect(JSON.stringify(body)).not.toMatch(unspeakable);
        },
      ),
      { numRuns: 400 },
    );
    const made = kit.guest.files.paths().filter((path) => !before.has(path));
    expect(made.filter((path) => !path.startsWith("/var/lib/docker/"))).toEqual([]);
  });
});
