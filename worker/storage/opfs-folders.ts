/** The playgrounds' folders in the browser's origin-private file system, and their Web Locks. */
import type { PlaygroundFolders } from "../playgrounds/shelf.ts";
import { playgroundLock } from "../protocol/index.ts";
import { OpfsFiles } from "./opfs-files.ts";

const parent = "playgrounds";
/** Milliseconds. Within them a machine that was shut down, or a tab that was closed, has given back its lock and its files. */
const patience = 2000;

/** Rejects where the browser offers no storage. */
export async function openPlaygroundFolders(): Promise<PlaygroundFolders> {
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle(parent, { create: true });
  return {
    async list() {
      const ids: string[] = [];
      for await (const entry of entriesOf(root)) if (entry.kind === "directory") ids.push(entry.name);
      return ids;
    },
    files: (id) => OpfsFiles.open(`${parent}/${id}`),
    async readText(id, name) {
      try {
        // Read as it is: a sync access handle would shut other tabs out.
        const folder = await root.getDirectoryHandle(id);
        return await (await (await folder.getFileHandle(name)).getFile()).text();
      } catch (error) {
        if (error instanceof DOMException && error.name === "NotFoundError") return undefined;
        throw error;
      }
    },
    async writeText(id, name, text) {
      await navigator.locks.request(`drydock-text-${id}-${name}`, async () => {
        const file = await (await OpfsFiles.open(`${parent}/${id}`)).open(name);
        try {
          file.truncate(0);
          file.write(0, new TextEncoder().encode(text));
          file.flush();
        } finally {
          file.close();
        }
      });
    },
    bytes: async (id) => await bytesIn(await root.getDirectoryHandle(id)),
    remove: (id) => oncePossible(() => root.removeEntry(id, { recursive: true })),
    async alone(id, work, { waiting } = { waiting: false }) {
      const ended = AbortSignal.timeout(patience);
      let held = false;
      try {
        return await navigator.locks.request(
          playgroundLock(id),
          waiting ? { signal: ended } : { ifAvailable: true },
          async (lock) => {
            if (lock === null) return undefined;
            held = true;
            return { value: await work() };
          },
        );
      } catch (error) {
        if (!held && ended.aborted) return undefined;
        throw error;
      }
    },
  };
}

async function bytesIn(directory: FileSystemDirectoryHandle): Promise<number> {
  let sum = 0;
  for await (const entry of entriesOf(directory)) {
    if (entry.kind === "directory") sum += await bytesIn(entry as FileSystemDirectoryHandle);
    // What goes away meanwhile takes nothing.
    else
      sum += await (entry as FileSystemFileHandle).getFile().then(
        ({ size }) => size,
        () => 0,
      );
  }
  return sum;
}

/** Files of a Worker that has just ended are in use for a moment longer. */
async function oncePossible(work: () => Promise<void>): Promise<void> {
  for (const deadline = performance.now() + patience; ; ) {
    try {
      return await work();
    } catch (error) {
      const inUse = error instanceof DOMException && error.name === "NoModificationAllowedError";
      if (!inUse || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** The compiler's library of Workers lacks the directory's iterator. */
const entriesOf = (directory: FileSystemDirectoryHandle): AsyncIterable<FileSystemHandle> =>
  (directory as unknown as { values(): AsyncIterable<FileSystemHandle> }).values();
