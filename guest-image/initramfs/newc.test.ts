import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { packCpio } from "./newc.ts";

const entries = [
  { path: "bin", mode: 0o040755 },
  { path: "bin/odd", mode: 0o100755, data: "12345" },
  { path: "dev", mode: 0o020600, major: 5, minor: 1 },
];

test("equal entries make equal archives, aligned to four bytes", () => {
  const archive = packCpio(entries);
  expect(archive).toEqual(packCpio(entries));
  expect(archive.length % 4).toBe(0);
  expect(new TextDecoder().decode(archive)).toContain("TRAILER!!!");
});

test("cpio reads them back", ({ skip }) => {
  const listed = spawnSync("cpio", ["-itv", "--quiet"], { input: packCpio(entries), encoding: "utf8" });
  if (listed.error !== undefined) skip();
  expect(listed.stdout).toMatch(/^drwxr-xr-x .* bin\n-rwxr-xr-x .* 5 .* bin\/odd\ncrw------- .* 5, +1 .* dev\n$/);
});
