import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeFiles } from "../main.node.ts";
import { DetachWatcher, defaultDetachKeys, parseDetachKeys } from "./detach-keys.ts";
import { Demultiplexer } from "./multiplexed.ts";
import { tarBytes } from "./small-tar.ts";
import { packTree } from "./tar-pack.ts";
import { unpackTar } from "./tar-unpack.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

test("frames are put together whatever the pieces they come in", () => {
  const stream = bytes(1, 0, 0, 0, 0, 0, 0, 2, 104, 105, 2, 0, 0, 0, 0, 0, 0, 1, 33);
  for (let cut = 0; cut <= stream.length; cut++) {
    const reader = new Demultiplexer();
    const text: Record<string, string> = {};
    for (const part of [stream.subarray(0, cut), stream.subarray(cut)])
      for (const { stream: name, bytes: data } of reader.push(part))
        text[name] = (text[name] ?? "") + new TextDecoder().decode(data);
    expect(text).toEqual({ stdout: "hi", stderr: "!" });
  }
});

test("detach keys are held back until it is clear what they are", () => {
  expect(parseDetachKeys("ctrl-p,ctrl-q")).toEqual(defaultDetachKeys);
  expect(parseDetachKeys("ctrl-@,a,ctrl-[")).toEqual([0, 97, 27]);
  expect(parseDetachKeys("ctrl-P")).toBeUndefined();
  const watcher = new DetachWatcher(defaultDetachKeys);
  expect(watcher.push(bytes(97, 16))).toEqual({ bytes: bytes(97), detached: false });
  expect(watcher.push(bytes(98))).toEqual({ bytes: bytes(16, 98), detached: false });
  expect(watcher.push(bytes(16, 17, 99))).toEqual({ bytes: bytes(), detached: true });
});

test("a tree goes through tar and comes out again, renamed", async () => {
  const from = await mkdtemp(join(tmpdir(), "tar-"));
  const to = await mkdtemp(join(tmpdir(), "tar-"));
  const long = "n".repeat(120);
  await mkdir(join(from, "d/e"), { recursive: true });
  await writeFile(join(from, "d/e", long), "long name");
  await writeFile(join(from, "d/big"), Buffer.alloc(100_000, 7));
  await nodeFiles.symlink("big", join(from, "d/link"));
  const info = await nodeFiles.stat(join(from, "d"));
  if (info === undefined) throw new Error("no source");
  const stream = packTree(nodeFiles, { path: join(from, "d"), info, directory: true, name: "d" }, () => undefined);
  await unpackTar(nodeFiles, stream, to, ["d", "copy"]);
  expect(await readFile(join(to, "copy/e", long), "utf8")).toBe("long name");
  expect((await readFile(join(to, "copy/link"))).length).toBe(100_000);
});

test("an archive cannot write outside of its directory", async () => {
  const to = await mkdtemp(join(tmpdir(), "tar-"));
  const evil = tarBytes([{ path: "../evil", data: bytes(1) }]);
  await expect(unpackTar(nodeFiles, new Blob([evil as BlobPart]).stream(), to, undefined)).rejects.toThrow(
    "outside of the destination",
  );
});
