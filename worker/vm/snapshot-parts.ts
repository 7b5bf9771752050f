/**
 * A snapshot's files as a host serves them, beside their manifest. The state is unpacked and the code compiled while they
 * arrive. Their names carry their hash, so caches may keep them for ever and never mix two builds.
 */

import type { BootFiles } from "./emulator.ts";
import { MachineError } from "./errors.ts";
import { decodePlain } from "./plain-data.ts";
import {
  type MachineBuild,
  SNAPSHOT_FORMAT,
  type SnapshotManifest,
  type SnapshotPart,
  type SnapshotParts,
} from "./snapshot.ts";

export const BUILD_MANIFEST = "manifest.json";

/** Where the files of a build are. */
export interface BuildSource {
  readText(file: string): Promise<string>;
  /** Decompressed. */
  unpack(part: SnapshotPart): AsyncIterable<Uint8Array>;
  readBytes(part: SnapshotPart): Promise<Uint8Array>;
  compile(part: SnapshotPart): Promise<WebAssembly.Module>;
}

export async function readBuild(source: BuildSource): Promise<MachineBuild> {
  const build = decodePlain(await source.readText(BUILD_MANIFEST)) as MachineBuild;
  if (build.format !== SNAPSHOT_FORMAT) throw new MachineError("mismatch", "The machine's build is of another format.");
  return build;
}

/** Asks for a snapshot's code; its state comes as it is read. */
export function openSnapshot(
  source: BuildSource,
  emulator: Promise<WebAssembly.Module>,
  manifest: SnapshotManifest,
): SnapshotParts {
  const code = source.compile(manifest.code);
  // Whoever awaits it meets its failure; until then it must not count as unhandled.
  code.catch(() => {});
  return {
    manifest,
    emulator,
    code,
    state: source.unpack(manifest.state),
    codeBytes: () => source.readBytes(manifest.code),
  };
}

/** The same files, asked for and unpacked before anybody reads them: those of the largest snapshot, once each. */
export function readAhead(source: BuildSource): BuildSource {
  const text = source.readText(BUILD_MANIFEST);
  const unpacked = new Map<string, AsyncIterable<Uint8Array>>();
  const compiled = new Map<string, Promise<WebAssembly.Module>>();
  const asked = text.then((manifest) => {
    const { emulator, snapshots } = decodePlain(manifest) as MachineBuild;
    const [first] = snapshots;
    for (const part of [emulator, ...(first === undefined ? [] : [first.code])])
      compiled.set(part.file, source.compile(part));
    if (first !== undefined) unpacked.set(first.state.file, eager(source.unpack(first.state)));
    // Whoever reads them meets their failure.
    for (const pending of compiled.values()) pending.catch(() => {});
  });
  asked.catch(() => {});
  const take = <T>(parts: Map<string, T>, file: string): T | undefined => {
    const part = parts.get(file);
    parts.delete(file);
    return part;
  };
  return {
    ...source,
    readText: (file) => {
      const again = (): Promise<string> => source.readText(file);
      return file === BUILD_MANIFEST ? text.catch(again) : again();
    },
    unpack: (part) => take(unpacked, part.file) ?? source.unpack(part),
    // What failed is asked for again.
    compile: (part) => take(compiled, part.file)?.catch(() => source.compile(part)) ?? source.compile(part),
  };
}

/** Reads on by itself, and keeps what has not been taken yet. */
function eager<T>(source: AsyncIterable<T>): AsyncIterable<T> {
  const ahead: T[] = [];
  let wake = (): void => undefined;
  let reading = true;
  const done = (async () => {
    try {
      for await (const value of source) {
        ahead.push(value);
        wake();
      }
    } finally {
      reading = false;
      wake();
    }
  })();
  done.catch(() => {});
  return {
    async *[Symbol.asyncIterator]() {
      for (;;) {
        for (let value = ahead.shift(); value !== undefined; value = ahead.shift()) yield value;
        if (!reading) break;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      await done;
    },
  };
}

export async function readBootFiles(source: BuildSource, { boot }: MachineBuild): Promise<BootFiles> {
  const [bios, vgaBios, kernel, initramfs] = await Promise.all([
    source.readBytes(boot.bios),
    source.readBytes(boot.vgaBios),
    source.readBytes(boot.kernel),
    source.readBytes(boot.initramfs),
  ]);
  return { bios, vgaBios, kernel, initramfs, commandLine: boot.commandLine };
}
