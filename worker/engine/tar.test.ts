import { execFileSync, spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collectBytes, streamOfBytes } from "./bytes.ts";
import { EngineError } from "./errors.ts";
import type { TarEntry } from "./tar-format.ts";
import { readTar } from "./tar-reader.ts";
import { type TarInput, writeTar } from "./tar-writer.ts";

interface Read {
  readonly entry: TarEntry;
  readonly body: Uint8Array;
}

async function readAll(tar: Uint8Array, chunk = 1000): Promise<Read[]> {
  const pieces = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < tar.length; at += chunk) controller.enqueue(tar.subarray(at, at + chunk));
      controller.close();
    },
  });
  const out: Read[] = [];
  for await (const { entry, body } of readTar(pieces)) out.push({ entry, body: await collectBytes(body) });
  return out;
}

const name = fc
  .array(fc.oneof(fc.stringMatching(/^[a-z0-9._-]{1,40}$/), fc.constantFrom("é", "日本", "a b", "x".repeat(120))), {
    minLength: 1,
    maxLength: 5,
  })
  .map((parts) => parts.filter((part) => part !== "." && part !== "..").join("/"))
  .filter((text) => text !== "");

const input: fc.Arbitrary<TarInput> = fc
  .record({
    name,
    mode: fc.nat(0o7777),
    uid: fc.nat(0xffff_fffe),
    gid: fc.nat(0xffff_fffe),
    mtime: fc.nat(0x7fff_ffff),
    body: fc.uint8Array({ maxLength: 2000 }),
    linkName: name,
    type: fc.constantFrom("file", "directory", "symlink", "hardlink", "fifo", "char"),
    xattr: fc.option(fc.uint8Array({ maxLength: 50 }), { nil: undefined }),
  })
  .map(({ body, xattr, linkName, type, ...header }) => ({
    header: {
      ...header,
      type: type as TarInput["header"]["type"],
      linkName: type === "symlink" || type === "hardlink" ? linkName : "",
      size: type === "file" ? body.length : 0,
      ...(xattr === undefined ? {} : { xattrs: { "security.capability": xattr } }),
    },
    ...(type === "file" ? { body } : {}),
  }));

describe("tar", () => {
  it("reads back what it wrote, however the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(input, { maxLength: 5 }), fc.integer({ min: 1, max: 3000 }), async (inputs, chunk) => {
        const read = await readAll(await collectBytes(writeTar(inputs)), chunk);
        expect(read).toHaveLength(inputs.length);
        read.forEach(({ entry, body }, i) => {
          const { header, body: written } = inputs[i] as TarInput;
          const shown = header.type === "directory" ? `${header.name}/` : header.name;
          expect(entry).toMatchObject({ ...header, name: shown });
          expect(Buffer.from(body)).toEqual(Buffer.from((written as Uint8Array | undefined) ?? []));
        });
      }),
      { numRuns: 50 },
    );
  });

  it("is what other programs read", async () => {
    if (spawnSync("tar", ["--version"]).status !== 0) return;
    const long = `${"d".repeat(90)}/${"e".repeat(90)}/${"f".repeat(90)}`;
    const tar = await collectBytes(
      writeTar([{ header: { name: long, type: "file" }, body: new TextEncoder().encode("hi") }]),
    );
    expect(execFileSync("tar", ["tf", "-"], { input: tar, encoding: "utf8" })).toBe(`${long}\n`);
    expect(execFileSync("tar", ["xOf", "-"], { input: tar, encoding: "utf8" })).toBe("hi");
  });

  it("answers any bytes with entries or an error of its own, never more", async () => {
    const valid = await collectBytes(writeTar([{ header: { name: "a", type: "file" }, body: new Uint8Array(700) }]));
    const mutated = fc.tuple(fc.nat(valid.length - 1), fc.nat(255)).map(([at, byte]) => {
      const copy = valid.slice();
      copy[at] = byte;
      return copy;
    });
    const cut = fc.nat(valid.length).map((length) => valid.slice(0, length));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 2000 }), mutated, cut), async (bytes) => {
        try {
          await readAll(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(EngineError);
        }
      }),
    );
  });

  it("skips what is left of a member that was not read", async () => {
    const body = new Uint8Array(5000);
    const tar = await collectBytes(
      writeTar([
        { header: { name: "a", type: "file", size: 5000 }, body },
        { header: { name: "b", type: "file", size: 5000 }, body },
      ]),
    );
    const names: string[] = [];
    for await (const { entry } of readTar(streamOfBytes(tar))) names.push(entry.name);
    expect(names).toEqual(["a", "b"]);
  });
});
