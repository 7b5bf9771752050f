import { describe, expect, it } from "vitest";
import { collectBytes, streamOfBytes } from "../bytes.ts";
import type { ContainerId, ImageId } from "../domains.ts";
import type { BlockImage } from "../ports/host.ts";
import { readTar } from "../tar-reader.ts";
import { dockerArchive, gzip, tarOf, testImage, textFile } from "../testing/image-archives.ts";
import { imageFixture } from "../testing/image-fixture.ts";
import { tagReference } from "./create.ts";
import { readErofs } from "./erofs/reader.ts";
import type { ProgressMessage } from "./progress.ts";
import { parseReference } from "./reference.ts";

const signal = new AbortController().signal;
const all = { all: false, filters: {}, sharedSize: false, containerCount: true };

async function lines(messages: AsyncIterable<ProgressMessage>): Promise<string[]> {
  const out: string[] = [];
  try {
    for await (const { id, status, error, stream } of messages)
      out.push(error ?? stream ?? (id === undefined ? `${status}` : `${id}: ${status}`));
  } catch (error) {
    out.push((error as Error).message);
  }
  return out;
}

type Fixture = Awaited<ReturnType<typeof imageFixture>>;

async function load(fixture: Fixture, archive: Uint8Array): Promise<string[]> {
  return await lines(fixture.service.loadArchive(streamOfBytes(archive), { quiet: true, signal }));
}

/** A fixture with app:1 and app:2, one image of two layers. */
async function withApp(config: Readonly<Record<string, unknown>> = {}) {
  const fixture = await imageFixture();
  const image = await testImage([[textFile("a", "1")], [textFile("b", "22")]], config);
  await load(fixture, await dockerArchive(image, ["app:1", "app:2"]));
  return { ...fixture, image };
}

async function tarNames(tar: Uint8Array): Promise<string[]> {
  const names: string[] = [];
  for await (const { entry } of readTar(streamOfBytes(tar))) names.push(entry.name);
  return names;
}

describe("docker load and save", () => {
  it("load an archive, plain or compressed, and say what was loaded", async () => {
    const image = await testImage([[textFile("a", "1")]]);
    const archive = await dockerArchive(image, ["app:1"]);
    for (const bytes of [archive, await gzip(archive)]) {
      const fixture = await imageFixture();
      expect(await load(fixture, bytes)).toEqual(["Loaded image: app:1\n"]);
      expect((await fixture.service.resolve("app:1")).id).toBe(image.id);
      expect(fixture.events).toEqual([`image load ${image.id}`]);
    }
  });

  it("name an image without tags by its id, and move a tag that another image had", async () => {
    const fixture = await imageFixture();
    const first = await testImage([[textFile("a", "1")]]);
    const second = await testImage([[textFile("a", "2")]]);
    expect(await load(fixture, await dockerArchive(first, null))).toEqual([`Loaded image ID: ${first.id}\n`]);
    await load(fixture, await dockerArchive(first, ["app:1"]));
    expect(await load(fixture, await dockerArchive(second, ["app:1"]))).toEqual([
      `The image app:1 already exists, renaming the old one with ID ${first.id} to empty string\n`,
      "Loaded image: app:1\n",
    ]);
  });

  it("come back byte for byte from an archive that is both Docker's and an OCI layout", async () => {
    const { service, image } = await withApp();
    const saved = await collectBytes(await service.save(["app"]));
    expect(await tarNames(saved)).toEqual([
      "blobs/",
      "blobs/sha256/",
      ...(await tarNames(saved)).filter((name) => name.length > 64).sort(),
      "index.json",
      "manifest.json",
      "oci-layout",
      "repositories",
    ]);
    const other = await imageFixture();
    expect(await load(other, saved)).toEqual(["Loaded image: app:1\n", "Loaded image: app:2\n"]);
    const members: Parameters<typeof tarOf>[0][number][] = [];
    for await (const { entry, body } of readTar(streamOfBytes(saved)))
      if (entry.type === "file" && !/^(manifest.json|repositories)$/.test(entry.name))
        members.push({ header: { name: entry.name, type: "file" }, body: await collectBytes(body) });
    const layoutOnly = await imageFixture();
    expect(await load(layoutOnly, await tarOf(members))).toEqual(["Loaded image: app:1\n", "Loaded image: app:2\n"]);
    expect((await layoutOnly.service.resolve("app:2")).id).toBe(image.id);
  });

  it("keep nothing of an archive whose layer is not what its configuration says", async () => {
    const fixture = await imageFixture();
    const honest = await testImage([[textFile("a", "x".repeat(2 << 20))]]);
    const forged = { ...honest, layers: (await testImage([[textFile("a", "y".repeat(2 << 20))]])).layers };
    expect((await load(fixture, await dockerArchive(forged, ["app:1"])))[0]).toMatch(/^invalid diffID for layer 0/);
    expect(await fixture.blobs.list()).toEqual([]);
    expect(fixture.service.list(all)).toEqual([]);
  });

  it("answer broken archives with an error", async () => {
    const fixture = await imageFixture();
    expect(await load(fixture, new TextEncoder().encode("junk"))).toEqual(["unexpected EOF"]);
    expect((await load(fixture, await tarOf([textFile("x", "1")])))[0]).toMatch(
      /repositories: no such file or directory$/,
    );
  });

  it("refuse to save what is not there", async () => {
    const { service } = await withApp();
    await expect(service.save(["none"])).rejects.toThrow("No such image: none");
    await expect(service.save(["app:3"])).rejects.toThrow("reference does not exist");
  });
});

describe("listing, inspecting, tagging", () => {
  it("shows tags, sizes and containers", async () => {
    const { service, image, usage } = await withApp({ Labels: { tier: "web" } });
    usage.set(image.id, [{ id: "c".repeat(64) as ContainerId, running: false }]);
    expect(service.list(all)).toEqual([
      {
        Containers: 1,
        Created: 1714979289,
        Id: image.id,
        Labels: { tier: "web" },
        ParentId: "",
        RepoDigests: [],
        RepoTags: ["app:1", "app:2"],
        SharedSize: -1,
        Size: 3,
      },
    ]);
  });

  it("filters by label, name, time and dangling", async () => {
    const { service } = await withApp({ Labels: { tier: "web" } });
    const count = (filters: Readonly<Record<string, readonly string[]>>) => service.list({ ...all, filters });
    expect(count({ label: ["tier=web"] })).toHaveLength(1);
    expect(count({ label: ["tier=db"] })).toHaveLength(0);
    expect(count({ reference: ["app:1"] })[0]?.RepoTags).toEqual(["app:1"]);
    expect(count({ reference: ["a*:2"] })[0]?.RepoTags).toEqual(["app:2"]);
    expect(count({ dangling: ["true"] })).toHaveLength(0);
    expect(count({ until: ["24h"] })).toHaveLength(1);
    expect(count({ since: ["app:1"] })).toHaveLength(0);
    expect(() => count({ before: ["none"] })).toThrow("No such image: none:latest");
    expect(() => count({ colour: ["red"] })).toThrow("invalid filter 'colour'");
    expect(() => count({ dangling: ["maybe"] })).toThrow("invalid filter 'dangling=[maybe]'");
  });

  it("finds an image by name, by id and by a unique part of it", async () => {
    const { service, image } = await withApp();
    for (const text of [
      "app:1",
      "docker.io/library/app:2",
      image.id,
      image.id.slice(7),
      image.id.slice(7, 19),
      image.id.slice(0, 15),
    ])
      expect((await service.resolve(text)).id).toBe(image.id);
    await expect(service.resolve("app")).rejects.toThrow("No such image: app:latest");
    await expect(service.resolve("App")).rejects.toThrow(
      "invalid reference format: repository name (library/App) must be lowercase",
    );
  });

  it("inspects with the fields of engine 28.5", async () => {
    const { service, image } = await withApp({ Cmd: ["/a"], ExposedPorts: { "80/tcp": {} } });
    const inspect = await service.inspect("app:1");
    expect(Object.keys(inspect)).toEqual([
      "Id",
      "RepoTags",
      "RepoDigests",
      "Parent",
      "Comment",
      "Created",
      "DockerVersion",
      "Author",
      "Architecture",
      "Os",
      "Size",
      "GraphDriver",
      "RootFS",
      "Metadata",
      "Config",
    ]);
    expect(inspect).toMatchObject({
      Id: image.id,
      RootFS: { Type: "layers", Layers: image.diffIds },
      Metadata: { LastTagTime: "0001-01-01T00:00:00Z" },
      Config: { Cmd: ["/a"], Entrypoint: null, ExposedPorts: { "80/tcp": {} }, User: "" },
    });
    await expect(service.inspect("app:1", { os: "linux", architecture: "arm64" })).rejects.toThrow(
      "image with reference app:1 was found but its platform (linux/386) does not match the specified platform (linux/arm64)",
    );
  });

  it("tags, and remembers over a restart", async () => {
    const { service, image, blobs, records, events } = await withApp();
    await service.tag("app:1", tagReference("localhost:5000/app"));
    expect(events.at(-1)).toBe(`image tag ${image.id}`);
    const later = await imageFixture({ blobs, records });
    expect((await later.service.inspect(image.id)).RepoTags).toEqual(["app:1", "app:2", "localhost:5000/app:latest"]);
    expect((await later.service.inspect(image.id)).Metadata).toEqual({ LastTagTime: "2026-01-02T03:04:05.678Z" });
  });

  it("tells the history, newest first", async () => {
    const { service, image } = await withApp();
    expect(service.history("app:1")).toEqual([
      { Comment: "", Created: 1714979289, CreatedBy: "step 1", Id: image.id, Size: 2, Tags: ["app:1", "app:2"] },
      { Comment: "", Created: 1714979289, CreatedBy: "step 0", Id: "<missing>", Size: 1, Tags: null },
    ]);
  });
});

describe("docker rmi", () => {
  const remove = (fixture: Fixture, name: string, force = false) =>
    fixture.service.delete(name, { force, prune: true });

  it("untags until the last name is gone, then deletes image and layers", async () => {
    const app = await withApp();
    await app.service.mountLayers(await app.service.resolve("app:1"));
    expect(await remove(app, "app:1")).toEqual([{ Untagged: "app:1" }]);
    const rest = await remove(app, "app:2");
    expect(rest.map((item) => Object.keys(item)[0])).toEqual(["Untagged", "Deleted", "Deleted", "Deleted"]);
    expect(rest.at(-1)).toEqual({ Deleted: app.image.diffIds[0] });
    expect(app.disk.attached.size).toBe(0);
    expect(app.guest.opsOf("umount").map(({ path }) => path)).toEqual(["/layers/2", "/layers/1"]);
    expect(await app.blobs.list()).toEqual([]);
    expect(app.events.slice(-3)).toEqual([
      `image untag ${app.image.id}`,
      `image untag ${app.image.id}`,
      `image delete ${app.image.id}`,
    ]);
  });

  it("keeps layers that another image has", async () => {
    const app = await withApp();
    const base = await testImage([[textFile("a", "1")]]);
    await load(app, await dockerArchive(base, ["base:1"]));
    await remove(app, app.image.id, true);
    const files = await app.service.layerFiles(base.diffIds[0] ?? "sha256:");
    expect(files.map(({ path }) => path)).toEqual(["a"]);
  });

  it("refuses in Docker's words while something needs the image", async () => {
    const app = await withApp();
    const short = app.image.id.slice(7, 19);
    await expect(remove(app, short)).rejects.toThrow(
      `conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`,
    );
    await remove(app, "app:2");
    const container = { id: "abcdef0123456789".repeat(4) as ContainerId, running: false };
    app.usage.set(app.image.id, [container]);
    await expect(remove(app, "app:1")).rejects.toThrow(
      `conflict: unable to remove repository reference "app:1" (must force) - container abcdef012345 is using its referenced image ${short}`,
    );
    await expect(remove(app, short)).rejects.toThrow(
      `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container abcdef012345`,
    );
    app.usage.set(app.image.id, [{ ...container, running: true }]);
    await expect(remove(app, short, true)).rejects.toThrow(
      `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container abcdef012345`,
    );
    expect(await remove(app, "app:1", true)).toEqual([{ Untagged: "app:1" }]);
  });

  it("leaves the layers under a stopped container when forced, and lets them go with it", async () => {
    const app = await withApp();
    await remove(app, "app:2");
    app.usage.set(app.image.id, [{ id: "c".repeat(64) as ContainerId, running: false }]);
    expect(await remove(app, "app:1", true)).toEqual([{ Untagged: "app:1" }, { Deleted: app.image.id }]);
    expect((await app.blobs.list()).length).toBeGreaterThan(0);
    app.usage.clear();
    await app.service.releaseUnused();
    expect(await app.blobs.list()).toEqual([]);
  });

  it("prunes dangling images, and all unused ones when asked", async () => {
    const app = await withApp();
    const dangling = await testImage([[textFile("z", "12345")]]);
    await load(app, await dockerArchive(dangling, null));
    const first = await app.service.prune({});
    expect(first).toEqual({
      ImagesDeleted: [{ Deleted: dangling.id }, { Deleted: dangling.diffIds[0] }],
      SpaceReclaimed: 5,
    });
    expect(await app.service.prune({})).toEqual({ ImagesDeleted: null, SpaceReclaimed: 0 });
    expect((await app.service.prune({ dangling: ["false"] })).SpaceReclaimed).toBe(3);
    expect(app.service.list(all)).toEqual([]);
    await expect(app.service.prune({ until: ["x"] })).rejects.toThrow('failed to parse value as time or duration: "x"');
  });
});

describe("images made here", () => {
  const imported = (fixture: Fixture, tar: Uint8Array, changes: readonly string[] = []) =>
    lines(
      fixture.service.import({
        source: "-",
        body: streamOfBytes(tar),
        reference: parseReference("imported:1"),
        changes,
        signal,
      }),
    );

  it("import a tar with changes", async () => {
    const fixture = await imageFixture();
    const [status] = await imported(fixture, await tarOf([textFile("a", "1")]), [
      "CMD a b",
      "ENV X=1 Y='two words'",
      "EXPOSE 80 53/udp",
    ]);
    expect(await fixture.service.inspect("imported:1")).toMatchObject({
      Id: status,
      Comment: "Imported from -",
      Config: {
        Cmd: ["/bin/sh", "-c", "a b"],
        Env: ["X=1", "Y=two words"],
        ExposedPorts: { "80/tcp": {}, "53/udp": {} },
      },
    });
    expect(fixture.events).toEqual([`image tag ${status}`, `image import ${status}`]);
    expect(await imported(fixture, await tarOf([]), ["FOO x"])).toEqual(["FOO is not a valid change command"]);
  });

  it("commit a container's changes as a child of its image", async () => {
    const app = await withApp({ Cmd: ["/a"], Env: ["A=1"] });
    const { files } = app.guest;
    await app.guest.batch([
      { op: "mkdir", path: "/upper/etc", parents: true },
      { op: "write", path: "/upper/etc/new", data: "content", mode: 0o600, uid: 5, gid: 6 },
      { op: "mknod", path: "/upper/gone", type: "char", major: 0, minor: 0, mode: 0 },
      { op: "mkdir", path: "/upper/etc/fresh" },
      { op: "setxattr", path: "/upper/etc/fresh", name: "trusted.overlay.opaque", value: new Uint8Array([0x79]) },
      { op: "symlink", path: "/upper/etc/link", target: "new" },
    ]);
    expect(files).toBeDefined();
    let paused = false;
    const id = await app.service.commit(
      {
        id: "c".repeat(64),
        image: app.image.id as ImageId,
        config: { Cmd: ["/a", "-x"], Env: ["A=1"] },
        upper: "/upper",
        attributes: { name: "box" },
        whilePaused: async (work) => {
          paused = true;
          return await work();
        },
      },
      { reference: tagReference("child"), comment: "why", author: "me", pause: true, changes: ['ENTRYPOINT ["/e"]'] },
    );
    expect(paused).toBe(true);
    expect(await app.service.inspect("child")).toMatchObject({
      Id: id,
      Parent: app.image.id,
      Comment: "why",
      Author: "me",
      Size: 10,
      Config: { Cmd: null, Entrypoint: ["/e"], Env: ["A=1"] },
    });
    expect(app.service.history("child").map(({ Id, CreatedBy }) => [Id === "<missing>", CreatedBy])).toEqual([
      [false, "/a -x"],
      [false, "step 1"],
      [true, "step 0"],
    ]);
    const layer = (await app.service.resolve("child")).layers[2] ?? "sha256:";
    const entries: string[] = [];
    for await (const { entry } of readTar(await app.service.context.layers.openTar(layer)))
      entries.push(`${entry.type} ${entry.name}`);
    expect(entries).toEqual([
      "directory etc/",
      "directory etc/fresh/",
      "file etc/fresh/.wh..wh..opq",
      "symlink etc/link",
      "file etc/new",
      "file .wh.gone",
    ]);
    expect(app.events.slice(-3)).toEqual([
      `image create ${id}`,
      `image tag ${id}`,
      `container commit ${"c".repeat(64)}`,
    ]);
    await expect(app.service.delete("app:1", { force: true, prune: true })).resolves.toEqual([{ Untagged: "app:1" }]);
  });

  it("keep whiteouts through the round trip: layer, EROFS, overlay", async () => {
    const fixture = await imageFixture();
    const image = await testImage([
      [
        textFile("dir/.wh..wh..opq", ""),
        textFile("dir/kept", "1"),
        textFile(".wh.removed", ""),
        textFile(".wh..wh.plnk", ""),
      ],
    ]);
    await load(fixture, await dockerArchive(image, ["w:1"]));
    await fixture.service.mountLayers(await fixture.service.resolve("w:1"));
    const [device] = fixture.disk.attached.values();
    const tree = await readErofs(device as BlockImage);
    expect(tree.get("removed")).toMatchObject({ type: "char", device: 0 });
    expect(tree.get("dir")?.xattrs).toEqual({ "trusted.overlay.opaque": new Uint8Array([0x79]) });
    expect([...tree.keys()].sort()).toEqual(["", "dir", "dir/kept", "removed"]);
    expect(
      (await fixture.service.layerFiles(image.diffIds[0] ?? "sha256:")).map(({ path, change }) => [path, change]),
    ).toEqual([
      ["dir", "opaque"],
      ["dir/kept", undefined],
      ["removed", "deleted"],
    ]);
  });

  it("give an image without layers an empty lower directory", async () => {
    const fixture = await imageFixture();
    await load(fixture, await dockerArchive(await testImage([]), ["scratch:1"]));
    const image = await fixture.service.resolve("scratch:1");
    expect(await fixture.service.mountLayers(image)).toEqual(["/layers/empty"]);
    expect(await fixture.service.mountLayers(image)).toEqual(["/layers/empty"]);
    expect(fixture.guest.opsOf("mkdir")).toHaveLength(1);
  });
});
