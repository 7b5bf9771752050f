/** Layers on the machine's own kernel: it mounts what the EROFS writer makes, and overlayfs takes the whiteouts. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collectBytes, streamOfBytes } from "../../worker/engine/bytes.ts";
import { upperTar } from "../../worker/engine/images/commit-layer.ts";
import { erofsBlockImage } from "../../worker/engine/images/erofs/block-image.ts";
import { writeErofs } from "../../worker/engine/images/erofs/writer.ts";
import type { FileEntry } from "../../worker/engine/images/file-tree.ts";
import { layerTree } from "../../worker/engine/images/layers/layer-tree.ts";
import type { TreeEntry } from "../../worker/engine/ports/guest.ts";
import { readTar } from "../../worker/engine/tar-reader.ts";
import { AgentClient } from "../../worker/guest/agent-client.ts";
import { type BootedMachine, bootMachine, canBoot } from "./boot.ts";

const base = { mode: 0o644, uid: 0, gid: 0, mtime: 1_700_000_000 };
const encoder = new TextEncoder();
const text = (path: string, content: string, more: Partial<FileEntry<never>> = {}): FileEntry<never> => {
  const data = encoder.encode(content);
  return { ...base, path, type: "file", data, size: data.length, ...more };
};
const pattern = Uint8Array.from({ length: 300_001 }, (_, i) => (i * 31 + (i >> 7)) & 0xff);

const lower: readonly FileEntry<never>[] = [
  text("etc/passwd", "root:x:0:0\n", { mode: 0o640, uid: 70_000, gid: 7 }),
  text("etc/removed", "below"),
  text("dir/below", "below"),
  { ...base, path: "link", type: "symlink", linkTarget: "etc/passwd" },
  { ...base, path: "twin", type: "hardlink", linkTarget: "etc/passwd" },
  { ...base, path: "large", type: "file", data: pattern, size: pattern.length },
  ...Array.from({ length: 500 }, (_, i) => text(`many/${"name".repeat(i % 30)}${i}`, String(i))),
];
const upper: readonly FileEntry<never>[] = [
  text("etc/.wh.removed", ""),
  text("dir/.wh..wh..opq", ""),
  text("dir/above", "above"),
];

describe.skipIf(!canBoot())("layers on the machine", () => {
  let machine: BootedMachine;
  let guest: AgentClient;

  const read = async (path: string): Promise<string> => {
    const [bytes] = await guest.batch([{ op: "read", path }]);
    return new TextDecoder().decode(bytes as Uint8Array);
  };
  const walk = async (path: string): Promise<readonly TreeEntry[]> => {
    const [entries] = await guest.batch([{ op: "walk", path }]);
    return entries as readonly TreeEntry[];
  };

  beforeAll(async () => {
    const images = [lower, upper].map((entries) =>
      erofsBlockImage(writeErofs(layerTree(entries)), async () => new Uint8Array(0)),
    );
    const disk = new Uint8Array(images.reduce((sum, image) => sum + image.size, 0));
    const starts: number[] = [];
    let at = 0;
    for (const image of images) {
      starts.push(at);
      disk.set(await image.read(0, image.size), at);
      at += image.size;
    }
    machine = await bootMachine({ disk });
    guest = new AgentClient(machine.link);
    await guest.batch([
      ...images.map(({ size }, i) => ({
        op: "addPartition" as const,
        device: "/dev/sda",
        number: i + 1,
        start: starts[i] ?? 0,
        length: size,
      })),
      ...["/layers/1", "/layers/2", "/o", "/w"].map((path) => ({ op: "mkdir" as const, path, parents: true })),
      { op: "mount", source: "/dev/sda1", target: "/layers/1", type: "erofs", flags: ["ro"] },
      { op: "mount", source: "/dev/sda2", target: "/layers/2", type: "erofs", flags: ["ro"] },
      { op: "mount", source: "tmpfs", target: "/w", type: "tmpfs" },
      { op: "mkdir", path: "/w/upper" },
      { op: "mkdir", path: "/w/work" },
      {
        op: "mount",
        source: "overlay",
        target: "/o",
        type: "overlay",
        data: "lowerdir=/layers/2:/layers/1,upperdir=/w/upper,workdir=/w/work",
      },
    ]);
  }, 120_000);
  afterAll(async () => await machine?.stop());

  test("are mounted with owners, links and content", async () => {
    expect(await read("/layers/1/etc/passwd")).toBe("root:x:0:0\n");
    const [passwd, twin] = await guest.batch([
      { op: "stat", path: "/layers/1/etc/passwd" },
      { op: "stat", path: "/layers/1/twin" },
    ]);
    expect(passwd).toMatchObject({ mode: 0o640, uid: 70_000, gid: 7, links: 2, mtime: 1_700_000_000 });
    expect(twin).toEqual(passwd);
    const large = await collectBytes(guest.readFile("/layers/1/large"));
    expect(Buffer.compare(large, pattern)).toBe(0);
    const entries = await walk("/layers/1/many");
    expect(entries).toHaveLength(501);
    expect(await read(`/layers/1/many/${"name".repeat(29)}449`)).toBe("449");
  });

  test("hide what a higher layer deleted", async () => {
    const paths = (await walk("/o")).map(({ path }) => path).filter((path) => !path.startsWith("many"));
    expect(paths.sort()).toEqual(["", "dir", "dir/above", "etc", "etc/passwd", "large", "link", "twin"]);
    expect(await read("/o/dir/above")).toBe("above");
  });

  test("take changes above them, which commit writes as a layer", async () => {
    await guest.batch([
      { op: "write", path: "/o/etc/passwd", data: "changed", append: true },
      { op: "removeTree", path: "/o/dir" },
      { op: "mkdir", path: "/o/dir" },
      { op: "write", path: "/o/dir/new", data: "new" },
      { op: "unlink", path: "/o/large" },
    ]);
    const tar = await collectBytes(await upperTar(guest, "/w/upper"));
    const found: string[] = [];
    for await (const { entry, body } of readTar(streamOfBytes(tar)))
      found.push(`${entry.type} ${entry.name} ${new TextDecoder().decode(await collectBytes(body))}`.trimEnd());
    expect(found).toEqual([
      "directory dir/",
      "file dir/.wh..wh..opq",
      "file dir/new new",
      "directory etc/",
      "file etc/passwd root:x:0:0\nchanged",
      "file .wh.large",
    ]);
  });
});
