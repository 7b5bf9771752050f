import { expect, test } from "vitest";
import { FileTree, sortedEntries } from "./file-tree.ts";

const tree = (): FileTree => {
  const made = new FileTree(7);
  made.directory("usr/bin");
  made.symlink("bin", "usr/bin");
  return made;
};

test("a path through a linked directory lands where the link points", () => {
  const made = tree();
  made.file("bin/sh", "x", { mode: 0o755 });
  expect(made.get("usr/bin/sh")).toMatchObject({ kind: "file", mode: 0o755, mtime: 7 });
  expect(made.text("/bin/sh")).toBe("x");
});

test("a directory does not replace a link to a directory", () => {
  const made = tree();
  made.put("bin", { kind: "directory", mode: 0o755, uid: 0, gid: 0, mtime: 0 });
  expect(made.get("bin")).toMatchObject({ kind: "symlink", target: "usr/bin" });
});

test("links are followed to the file, absolute ones from the root, circles end", () => {
  const made = tree();
  made.file("usr/bin/mawk", "m");
  made.symlink("etc/alternatives/awk", "/usr/bin/mawk");
  made.symlink("bin/awk", "/etc/alternatives/awk");
  made.symlink("a", "b");
  made.symlink("b", "a");
  expect(made.follow("bin/awk")).toBe("usr/bin/mawk");
  expect(made.follow("a")).toBeUndefined();
  expect(made.follow("nowhere")).toBeUndefined();
});

test("a tree on top of another shares its nodes until it changes them", () => {
  const base = tree();
  base.file("etc/passwd", "root");
  const top = new FileTree(7, base);
  top.file("etc/passwd", "root and more");
  expect(base.text("etc/passwd")).toBe("root");
  expect(top.get("usr/bin")).toBe(base.get("usr/bin"));
});

test("removing a directory removes what is in it; listings put directories first", () => {
  const made = tree();
  made.file("usr/share/doc/a/b", "");
  made.remove("usr/share/doc");
  expect(sortedEntries(made).map(([path]) => path)).toEqual(["", "bin", "usr", "usr/bin", "usr/share"]);
});
