/**
 * A snapshot's files as a host serves them, beside their manifest. All are asked for at once; the state is unpacked and the
 * code compiled while they arrive. Their names carry their hash, so caches may keep them for ever and never mix two builds.
 */

import { MachineError } from "./errors.ts";
import { SNAPSHOT_FORMAT, type SnapshotManifest, type SnapshotPart, type SnapshotParts } from "./snapshot.ts";
import { decompressZstd } from "./zstd.ts";

export interface SnapshotSource {
  readText(file: string): Promise<string>;
  open(part: SnapshotPart): Promise<ReadableStream<Uint8Array>>;
  readBytes(part: SnapshotPart): Promise<Uint8Array>;
  compile(part: SnapshotPart): Promise<WebAssembly.Module>;
}

export function manifestName(memoryMegabytes: number): string {
  return `snapshot-${memoryMegabytes}.json`;
}

export async function openSnapshot(source: SnapshotSource, memoryMegabytes: number): Promise<SnapshotParts> {
  const manifest = JSON.parse(await source.readText(manifestName(memoryMegabytes))) as SnapshotManifest;
  if (manifest.format !== SNAPSHOT_FORMAT) throw new MachineError("mismatch", "The snapshot is of another format.");
  const { parts } = manifest;
  const emulator = source.compile(parts.emulator);
  const code = source.compile(parts.code);
  const packed = source.open(parts.state);
  // Whoever awaits them meets their failure; until then it must not count as unhandled.
  for (const pending of [emulator, code, packed]) pending.catch(() => {});
  return {
    manifest,
    emulator,
    code,
    state: (async function* () {
      yield* decompressZstd(await packed);
    })(),
    codeBytes: () => source.readBytes(parts.code),
  };
}

/** Files below a URL, fetched. Plain `.wasm` responses let the browser keep what it compiled. */
export function fetchedSource(base: string, fetch = globalThis.fetch): SnapshotSource {
  const get = async (file: string, init?: RequestInit) => {
    const response = await fetch(new URL(file, base), init);
    if (!response.ok) throw new Error(`${file}: HTTP status ${response.status}`);
    return response;
  };
  return {
    // Names of parts never change their content; the manifest does with each deployment.
    readText: async (file) => (await get(file, { cache: "no-cache" })).text(),
    open: async ({ file }) => {
      const { body } = await get(file);
      if (body === null) throw new Error(`${file}: empty`);
      return body;
    },
    readBytes: async ({ file }) => new Uint8Array(await (await get(file)).arrayBuffer()),
    compile: ({ file }) => WebAssembly.compileStreaming(get(file)),
  };
}
