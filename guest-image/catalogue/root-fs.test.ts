import { packTar } from "modern-tar";
import { expect, test } from "vitest";
import { readDeb } from "../debian/deb.ts";
import { FileTree } from "../debian/file-tree.ts";
import { makeDeb } from "../debian/testing/make-deb.ts";
import { appletNames } from "./busybox.ts";
import { recordInstallation } from "./dpkg-database.ts";
import { layerEntries } from "./layer-builder.ts";
import { apply, emptyRoot, unpack, unpackArchive } from "./root-fs.ts";

const deb = async () =>
  readDeb(
    await makeDeb(
      "Package: tool\nVersion: 2\nArchitecture: i386\nMulti-Arch: same\n",
      [
        { header: { name: "./etc/tool.conf", size: 3 }, body: "abc" },
        { header: { name: "./bin/tool", size: 1, mode: 0o755 }, body: "t" },
        { header: { name: "./usr/share/man/man1/tool.1.gz", size: 1 }, body: "m" },
        { header: { name: "./usr/share/doc/tool/copyright", size: 1 }, body: "c" },
        { header: { name: "./usr/share/doc/tool/changelog.gz", size: 1 }, body: "l" },
      ],
      { conffiles: "/etc/tool.conf\n", postinst: "#!/bin/sh\n", triggers: "interest-noawait /usr/share/x\n" },
    ),
  );

test("packages unpack into a merged /usr, without documentation but with their copyright", async () => {
  const tree = emptyRoot(0);
  unpack(tree, await deb());
  expect(tree.get("usr/bin/tool")).toMatchObject({ mode: 0o755 });
  expect(tree.get("usr/share/doc/tool/copyright")).toBeDefined();
  expect(tree.get("usr/share/man/man1/tool.1.gz")).toBeUndefined();
  expect(tree.get("usr/share/doc/tool/changelog.gz")).toBeUndefined();
});

test("dpkg's database names the package, its files, its configuration and its triggers", async () => {
  const tree = emptyRoot(0);
  recordInstallation(tree, [await deb()]);
  expect(tree.text("var/lib/dpkg/status")).toBe(
    "Package: tool\nStatus: install ok installed\nVersion: 2\nArchitecture: i386\nMulti-Arch: same\nConffiles:\n /etc/tool.conf 900150983cd24fb0d6963f7d28e17f72\n\n",
  );
  expect(tree.text("var/lib/dpkg/info/tool:i386.list")).toContain("/bin/tool\n");
  expect(tree.get("var/lib/dpkg/info/tool:i386.postinst")).toMatchObject({ mode: 0o755 });
  expect(tree.text("var/lib/dpkg/triggers/File")).toBe("/usr/share/x tool:i386/noawait\n");
});

test("effects make accounts once, files with owners by name, and links that dpkg knows", () => {
  const tree = new FileTree(0);
  tree.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
  tree.file("etc/group", "root:x:0:\n");
  const effects = {
    accounts: [{ name: "www", uid: 33, gid: 33, home: "/var/www" }],
    directories: [{ path: "var/www", owner: "www:www", mode: 0o2750 }],
    files: [{ path: "var/www/a", text: "a", owner: "www:root" }],
    templates: [{ path: "etc/copy", from: "etc/passwd", replace: [["^root", "toor"]] as const }],
    alternatives: [{ name: "awk", link: "/usr/bin/awk", path: "/usr/bin/mawk", priority: 5 }],
  };
  apply(tree, effects);
  apply(tree, { accounts: effects.accounts });
  expect(tree.text("etc/passwd")?.match(/^www:/gm)).toHaveLength(1);
  expect(tree.text("etc/shadow")).toMatch(/^www:!:/);
  expect(tree.get("var/www")).toMatchObject({ uid: 33, gid: 33, mode: 0o2750 });
  expect(tree.get("var/www/a")).toMatchObject({ uid: 33, gid: 0 });
  expect(tree.text("etc/copy")).toBe("toor:x:0:0:root:/root:/bin/sh\n");
  expect(tree.get("usr/bin/awk")).toMatchObject({ target: "/etc/alternatives/awk" });
  expect(tree.text("var/lib/dpkg/alternatives/awk")).toBe("auto\n/usr/bin/awk\n\n/usr/bin/mawk\n5\n\n");
});

test("an archive is unpacked below its folder, with the owners and modes that it names", async () => {
  const tree = new FileTree(0);
  const tar = await packTar([
    { header: { name: "./", type: "directory", size: 0, mode: 0o700, uid: 999, gid: 999 } },
    { header: { name: "./PG_VERSION", size: 3, mode: 0o600, uid: 999, gid: 999 }, body: "15\n" },
  ]);
  await unpackArchive(tree, "usr/share/cluster", tar);
  expect(tree.get("usr/share/cluster")).toMatchObject({ kind: "directory", mode: 0o700, uid: 999 });
  expect(tree.text("usr/share/cluster/PG_VERSION")).toBe("15\n");
});

test("a layer holds what changed and the directories above it, with their modes", () => {
  const base = new FileTree(0);
  base.directory("tmp", { mode: 0o1777 });
  base.file("etc/a", "a");
  const top = new FileTree(0, base);
  top.file("tmp/new", "n");
  top.link("tmp/same", "tmp/new");
  expect(layerEntries(top, base).map(({ name, type, mode }) => [name, type, mode])).toEqual([
    ["tmp/", "directory", 0o1777],
    ["tmp/new", "file", 0o644],
    ["tmp/same", "hardlink", 0o644],
  ]);
});

test("busybox's applets are read from its own table", () => {
  expect(appletNames(Buffer.from("junk\0[\0[[\0ash\0cat\0zcat\0\0other\0"))).toEqual(["[", "[[", "ash", "cat", "zcat"]);
  expect(() => appletNames(Buffer.from("nothing"))).toThrow("no table of applets");
});
