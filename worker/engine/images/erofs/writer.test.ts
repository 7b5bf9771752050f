import { spawnSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { FileEntry } from "../file-tree.ts";
import { erofsBlockImage } from "./block-image.ts";
import { writeErofs } from "./writer.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const base = { mode: 0o644, uid: 0, gid: 0, mtime: 1_700_000_000 };
const content = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 8)) & 0xff);

const sample: readonly FileEntry<string>[] = [
  { ...base, path: "", type: "directory", mode: 0o755 },
  { ...base, path: "etc/passwd", type: "file", data: bytes("root:x:0:0\n"), size: 11, mtime: 1_700_000_000.25 },
  { ...base, path: "etc/empty", type: "file", size: 0 },
  { ...base, path: "bin", type: "symlink", linkTarget: "usr/bin" },
  { ...base, path: "long", type: "symlink", linkTarget: `/${"x/".repeat(2040)}end` },
  {
    ...base,
    path: "usr/bin/tool",
    type: "file",
    mode: 0o4755,
    data: content(10_000),
    size: 10_000,
    uid: 70_000,
    gid: 5,
  },
  { ...base, path: "usr/bin/other", type: "hardlink", linkTarget: "usr/bin/tool" },
  { ...base, path: "dev/sda300", type: "block", major: 8, minor: 300 },
  { ...base, path: "gone", type: "char", major: 0, minor: 0, mode: 0 },
  { ...base, path: "pipe", type: "fifo" },
  {
    ...base,
    path: "opaque",
    type: "directory",
    mode: 0o1777,
    xattrs: { "trusted.overlay.opaque": bytes("y"), "user.big": content(5000) },
  },
  ...Array.from(
    { length: 700 },
    (_, i): FileEntry<string> => ({
      ...base,
      path: `many/${"é".repeat(i % 20)}file-${i}`,
      type: "file",
      data: bytes(String(i)),
      size: String(i).length,
    }),
  ),
  { ...base, path: "remote", type: "file", data: "somewhere", size: 5000 },
];

const remote = content(5000);
const image = writeErofs(sample);
const device = erofsBlockImage(image, async (ref, offset, length) => {
  expect(ref).toBe("somewhere");
  return remote.subarray(offset, offset + length);
});

const folder = mkdtempSync(join(tmpdir(), "erofs-test-"));
const file = join(folder, "image");
const has = (tool: string): boolean => spawnSync("which", [tool]).status === 0;
const mountPoint = join(folder, "mnt");
mkdirSync(mountPoint);

async function written(): Promise<string> {
  writeFileSync(file, await device.read(0, device.size));
  return file;
}

/** Root on a kernel with EROFS and loop devices. */
const canMount = process.getuid?.() === 0 && readFileSync("/proc/filesystems", "utf8").includes("erofs");

afterAll(() => {
  spawnSync("umount", [mountPoint]);
  rmSync(folder, { recursive: true });
});

describe("EROFS writer", () => {
  it.skipIf(!has("fsck.erofs"))("writes what fsck.erofs finds sound", async () => {
    const check = spawnSync("fsck.erofs", ["-d9", await written()], { encoding: "utf8" });
    expect(check.stdout + check.stderr).toMatch(/No errors? found/);
    expect(check.status).toBe(0);
  });

  it.skipIf(!canMount)("writes what Linux mounts and reads back", async () => {
    const mount = spawnSync("mount", ["-t", "erofs", "-o", "loop,ro", await written(), mountPoint], {
      encoding: "utf8",
    });
    if (mount.status !== 0) return; // No loop devices here.
    const at = (path: string): string => join(mountPoint, path);
    expect(readFileSync(at("etc/passwd"), "utf8")).toBe("root:x:0:0\n");
    expect(lstatSync(at("etc/passwd")).mtimeMs).toBe(1_700_000_000_250);
    expect(readFileSync(at("usr/bin/tool"))).toEqual(Buffer.from(content(10_000)));
    expect(readFileSync(at("remote"))).toEqual(Buffer.from(remote));
    expect(lstatSync(at("usr/bin/tool"))).toMatchObject({ mode: 0o104755, uid: 70_000, gid: 5, nlink: 2 });
    expect(lstatSync(at("usr/bin/other")).ino).toBe(lstatSync(at("usr/bin/tool")).ino);
    expect(readlinkSync(at("bin"))).toBe("usr/bin");
    expect(readlinkSync(at("long"))).toHaveLength(4084);
    expect(lstatSync(at("dev/sda300"))).toMatchObject({ rdev: 8 * 256 + 0x100000 + (300 & 0xff) });
    expect(lstatSync(at("gone"))).toMatchObject({ rdev: 0, mode: 0o20000 });
    expect(lstatSync(at("opaque")).mode).toBe(0o41777);
    expect(readdirSync(at("many"))).toHaveLength(700);
    expect(readFileSync(at(`many/${"é".repeat(19)}file-639`), "utf8")).toBe("639");
    const read =
      "import os,sys; p=sys.argv[1]; print(os.getxattr(p,'trusted.overlay.opaque'), len(os.getxattr(p,'user.big')))";
    const python = spawnSync("python3", ["-c", read, at("opaque")], { encoding: "utf8" });
    if (python.error === undefined) expect(python.stdout).toBe("b'y' 5000\n");
    spawnSync("umount", [mountPoint]);
  });

  it("refuses paths that lead out, names that are too long, and links to nothing", () => {
    const one = (entry: Partial<FileEntry<string>>) => () =>
      writeErofs([{ ...base, path: "a", type: "file", ...entry } as FileEntry<string>]);
    expect(one({ path: "../etc/passwd" })).toThrow(/outside of the archive's root/);
    expect(one({ path: "a/../../b" })).toThrow(/outside/);
    expect(one({ path: "x".repeat(256) })).toThrow(/file name too long/);
    expect(one({ type: "hardlink", linkTarget: "nothing" })).toThrow(/no such file/);
    expect(one({ type: "hardlink", linkTarget: "../../etc/shadow" })).toThrow(/outside/);
  });
});
