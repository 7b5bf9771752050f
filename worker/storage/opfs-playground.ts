/**
 * Where a playground's files are. Where the browser has no room for a new one it runs in memory, and says so; one that is there already is never
 * hidden behind an empty one: its start fails, with what helps.
 */
import type { ByteFiles } from "./files.ts";
import { MemoryFiles } from "./memory-files.ts";
import { isFull, OpfsFiles } from "./opfs-files.ts";
import { receiveElsewhere } from "./receiver.ts";

export interface PlaygroundStorage {
  readonly files: ByteFiles;
  readonly durable: boolean;
}

/** What a machine's first start writes, and a little to work with. */
const firstRoom = 4 << 20;

export async function openPlaygroundStorage(
  playground: string,
  tell: (notice: string) => void,
): Promise<PlaygroundStorage> {
  if (playground === "") return { files: new MemoryFiles(), durable: false };
  try {
    const files = await OpfsFiles.open(`playgrounds/${playground}`, receiveElsewhere);
    if (!(await isBegun(files))) await tryRoom(files);
    return { files, durable: true };
  } catch (error) {
    const why = isFull(error)
      ? "The browser's storage for this site is full"
      : "This browser gives the page no storage";
    tell(`${why}: nothing is kept after a reload.`);
    return { files: new MemoryFiles(), durable: false };
  }
}

/** A start that was cut short leaves empty files. */
async function isBegun(files: ByteFiles): Promise<boolean> {
  return (await files.list("records")).some(({ size }) => size > 0);
}

async function tryRoom(files: ByteFiles): Promise<void> {
  const probe = await files.open("room");
  try {
    probe.truncate(firstRoom);
    probe.write(0, new Uint8Array(4096));
  } finally {
    probe.close();
    await files.delete("room");
  }
}
