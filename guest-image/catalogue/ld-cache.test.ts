import { expect, test } from "vitest";
import { FileTree } from "../debian/file-tree.ts";
import { sonameOf } from "./elf.ts";
import { compareLibraries, ldCache } from "./ld-cache.ts";

/** A shared object with nothing but a SONAME. */
function library(soname: string): Uint8Array {
  const file = new Uint8Array(256);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint16(16, 3, true);
  view.setUint16(18, 3, true);
  view.setUint32(28, 52, true);
  view.setUint16(42, 32, true);
  view.setUint16(44, 2, true);
  const header = (at: number, type: number, offset: number, address: number, size: number): void =>
    [type, offset, address, 0, size].forEach((value, i) => {
      view.setUint32(at + 4 * i, value, true);
    });
  header(52, 1, 0, 0x1000, 256);
  header(84, 2, 128, 0x1080, 24);
  [14, 1, 5, 0x10a0].forEach((value, i) => {
    view.setUint32(128 + 4 * i, value, true);
  });
  file.set(new TextEncoder().encode(`\0${soname}\0`), 0xa0);
  return file;
}

test("the SONAME is read from a 32-bit shared object, and from nothing else", () => {
  expect(sonameOf(library("libz.so.1"))).toBe("libz.so.1");
  expect(sonameOf(library("libz.so.1").with(4, 2))).toBeUndefined();
  expect(sonameOf(new TextEncoder().encode("#!/bin/sh\n".repeat(10)))).toBeUndefined();
});

test.each([
  ["liba.so.10", "liba.so.9", 1],
  ["liba.so.1", "liba.so.1", 0],
  ["libb.so", "liba.so.1", 1],
  ["liba.so", "liba.so.1", -1],
  ["lib1.so", "liba.so", 1],
])("%s against %s as the loader compares them", (a, b, order) => {
  expect(Math.sign(compareLibraries(a, b))).toBe(order);
  expect(Math.sign(compareLibraries(b, a))).toBe(0 - order);
});

test("the cache lists each SONAME once, in falling order, where the loader looks first", () => {
  const tree = new FileTree(0);
  tree.directory("usr/lib");
  tree.symlink("lib", "usr/lib");
  tree.file("usr/lib/i386-linux-gnu/libz.so.1.2", library("libz.so.1"));
  tree.symlink("usr/lib/i386-linux-gnu/libz.so.1", "libz.so.1.2");
  tree.file("usr/lib/i386-linux-gnu/liba.so.10", library("liba.so.10"));
  tree.file("usr/lib/i386-linux-gnu/liba.so.9", library("liba.so.9"));
  tree.file("usr/lib/i386-linux-gnu/plugin/libz.so.1", library("libz.so.1"));
  const cache = Buffer.from(ldCache(tree));
  expect(cache.toString("latin1", 0, 20)).toBe("glibc-ld.so.cache1.1");
  const string = (at: number): string => cache.toString("latin1", at, cache.indexOf(0, at));
  const entries = Array.from({ length: cache.readUInt32LE(20) }, (_, i) => [
    string(cache.readUInt32LE(48 + 24 * i + 4)),
    string(cache.readUInt32LE(48 + 24 * i + 8)),
  ]);
  expect(entries).toEqual([
    ["libz.so.1", "/lib/i386-linux-gnu/libz.so.1"],
    ["liba.so.10", "/lib/i386-linux-gnu/liba.so.10"],
    ["liba.so.9", "/lib/i386-linux-gnu/liba.so.9"],
  ]);
});
