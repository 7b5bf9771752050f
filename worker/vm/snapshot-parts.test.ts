import { expect, test, vi } from "vitest";
import { encodePlain } from "./plain-data.ts";
import type { MachineBuild, SnapshotManifest, SnapshotPart } from "./snapshot.ts";
import { type BuildSource, readAhead } from "./snapshot-parts.ts";

const part = (file: string): SnapshotPart => ({ file, bytes: 1, sha256: "" });
const build = {
  format: 1,
  emulator: part("v86.wasm"),
  snapshots: [{ state: part("state.zst"), code: part("code.wasm") } as SnapshotManifest],
} as unknown as MachineBuild;

const emptyModule = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** A source that counts what it is asked for; `fail` names files that are not to be had the first time. */
function countingSource(fail: readonly string[] = []) {
  const asked: string[] = [];
  const failing = new Set(fail);
  const source: BuildSource = {
    readText: async (file) => {
      asked.push(file);
      return encodePlain(build);
    },
    async *unpack({ file }) {
      asked.push(file);
      if (failing.delete(file)) throw new Error(`no ${file}`);
      for (const value of [1, 2, 3]) {
        asked.push(`${file} ${value}`);
        yield Uint8Array.of(value);
      }
    },
    readBytes: async () => emptyModule,
    compile: async ({ file }) => {
      asked.push(file);
      if (failing.delete(file)) throw new Error(`no ${file}`);
      return new WebAssembly.Module(emptyModule);
    },
  };
  return { source, asked };
}

async function taken(values: AsyncIterable<Uint8Array>): Promise<number[]> {
  const all: number[] = [];
  for await (const [value] of values) all.push(value as number);
  return all;
}

test("reading ahead asks for the parts of the largest snapshot and unpacks its state before anybody takes it, once", async () => {
  const { source, asked } = countingSource();
  const ahead = readAhead(source);
  await vi.waitFor(() => expect(asked).toContain("state.zst 3"));
  await ahead.readText("manifest.json");
  await ahead.compile(build.emulator);
  expect(await taken(ahead.unpack(part("state.zst")))).toEqual([1, 2, 3]);
  expect(asked.filter((file) => ["manifest.json", "v86.wasm", "code.wasm", "state.zst"].includes(file)).sort()).toEqual(
    ["code.wasm", "manifest.json", "state.zst", "v86.wasm"],
  );
});

test("what is taken while it still arrives comes whole", async () => {
  let deliver = (): void => undefined;
  const { source } = countingSource();
  const slow = new Promise<void>((resolve) => {
    deliver = resolve;
  });
  const ahead = readAhead({
    ...source,
    async *unpack(wanted) {
      yield Uint8Array.of(7);
      await slow;
      yield* source.unpack(wanted);
    },
  });
  await ahead.readText("manifest.json");
  const all = taken(ahead.unpack(part("state.zst")));
  deliver();
  expect(await all).toEqual([7, 1, 2, 3]);
});

test("a part that failed ahead says so to whoever reads it, and comes when it is asked for again", async () => {
  const { source } = countingSource(["state.zst", "v86.wasm"]);
  const ahead = readAhead(source);
  await ahead.readText("manifest.json");
  await expect(ahead.compile(build.emulator)).resolves.toBeInstanceOf(WebAssembly.Module);
  await expect(taken(ahead.unpack(part("state.zst")))).rejects.toThrow("no state.zst");
  expect(await taken(ahead.unpack(part("state.zst")))).toEqual([1, 2, 3]);
});
