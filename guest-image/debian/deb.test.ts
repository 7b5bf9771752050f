import { expect, test } from "vitest";
import { readAr } from "./ar.ts";
import { readDeb } from "./deb.ts";
import { decompress } from "./decompress.ts";
import { makeAr, makeDeb } from "./testing/make-deb.ts";

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

test("an ar archive gives its members in order, odd sizes padded", () => {
  const archive = makeAr({ odd: Buffer.from("abc"), even: Buffer.from("defg") });
  expect(readAr(archive).map(({ name, data }) => [name, text(data)])).toEqual([
    ["odd", "abc"],
    ["even", "defg"],
  ]);
});

test("an archive that is cut short is refused with the place", () => {
  const archive = makeAr({ one: Buffer.from("abcdef") });
  expect(() => readAr(archive.subarray(0, archive.length - 2))).toThrow("byte 8 is cut short");
  expect(() => readAr(Buffer.from("not an archive"))).toThrow("not an ar archive");
});

test.each([
  [
    "control.tar.xz",
    "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jMAQAYUGFja2FnZTogdGlueQpWZXJzaW9uOiAxCgAAAADxhPXCKn77TwABMRlZGrCCH7bzfQEAAAAABFla",
  ],
  ["control.tar.zst", "KLUv/QRoyQAAUGFja2FnZTogdGlueQpWZXJzaW9uOiAxCjlmRng="],
])("%s is decompressed", async (name, base64) => {
  expect(text(await decompress(name, Buffer.from(base64, "base64")))).toBe("Package: tiny\nVersion: 1\n");
});

test("a package gives its control fields, scripts and files, with owners and special bits", async () => {
  const deb = await readDeb(
    await makeDeb(
      "Package: tiny\nVersion: 1\nDescription: one\n more\n",
      [
        { header: { name: "./", type: "directory", size: 0, mode: 0o755 } },
        { header: { name: "./bin/su", size: 2, mode: 0o4755, uid: 0, gid: 42, mtime: new Date(5000) }, body: "su" },
        { header: { name: "./bin/link", type: "symlink", size: 0, linkname: "su" } },
        { header: { name: "./bin/hard", type: "link", size: 0, linkname: "./bin/su" } },
      ],
      { postinst: "#!/bin/sh\n" },
    ),
  );
  expect(deb.control.get("package")).toBe("tiny");
  expect(deb.control.get("description")).toBe("one\n more");
  expect([...deb.controlFiles.keys()]).toEqual(["control", "postinst"]);
  const su = deb.entries.find(({ path }) => path === "bin/su")?.node;
  expect(su).toMatchObject({ kind: "file", mode: 0o4755, gid: 42, mtime: 5 });
  expect(deb.entries.find(({ path }) => path === "bin/link")?.node).toMatchObject({ kind: "symlink", target: "su" });
  expect(deb.entries.find(({ path }) => path === "bin/hard")?.node).toEqual({ kind: "hardlink", target: "bin/su" });
});
