import { type ByteFile, type ByteFiles, readBytes, segments } from "./files.ts";
import type { Received } from "./receive.ts";

/** Makes the file `name` of the store in `folder` away from this thread. */
export type ReceiveElsewhere = (folder: string, name: string, source: ReadableStream<Uint8Array>) => Promise<Received>;

/** Files in the browser's origin-private file system. Only in a dedicated Worker; one Worker at a time (sync access handles lock). */
export class OpfsFiles implements ByteFiles {
  readonly #root: FileSystemDirectoryHandle;
  declare readonly receive?: (name: string, source: ReadableStream<Uint8Array>) => Promise<Received>;
  private constructor(root: FileSystemDirectoryHandle) {
    this.#root = root;
  }
  /** Rejects where the browser offers no storage (private windows, some embeddings). */
  static async open(folder: string, receive?: ReceiveElsewhere): Promise<OpfsFiles> {
    let directory = await navigator.storage.getDirectory();
    for (const part of segments(folder)) directory = await directory.getDirectoryHandle(part, { create: true });
    const files = new OpfsFiles(directory);
    if (receive === undefined) return files;
    return Object.assign(files, {
      receive: (name: string, source: ReadableStream<Uint8Array>) => receive(folder, name, source),
    });
  }

  async #folder(parts: readonly string[], create: boolean): Promise<FileSystemDirectoryHandle | undefined> {
    let directory = this.#root;
    try {
      for (const part of parts) directory = await directory.getDirectoryHandle(part, { create });
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    return directory;
  }
  async #handle(name: string, create: boolean): Promise<FileSystemFileHandle | undefined> {
    const parts = segments(name);
    const folder = await this.#folder(parts.slice(0, -1), create);
    try {
      return await folder?.getFileHandle(parts[parts.length - 1] ?? "", { create });
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async open(name: string): Promise<ByteFile> {
    try {
      const handle = await this.#handle(name, true);
      if (handle === undefined) throw new Error(`cannot open ${name} in the browser's storage`);
      return new OpfsFile(await handle.createSyncAccessHandle());
    } catch (error) {
      throw isFull(error) ? full() : error;
    }
  }
  async exists(name: string): Promise<boolean> {
    return (await this.#handle(name, false)) !== undefined;
  }
  async rename(from: string, to: string): Promise<void> {
    const source = await this.#handle(from, false);
    if (source === undefined) throw new Error(`no such file in the store: ${from}`);
    const parts = segments(to);
    const folder = await this.#folder(parts.slice(0, -1), true);
    const move = (source as { move?: (to: FileSystemDirectoryHandle, name: string) => Promise<void> }).move;
    if (move !== undefined && folder !== undefined) {
      await move.call(source, folder, parts[parts.length - 1] ?? "");
      return;
    }
    const [reading, writing] = [await this.open(from), await this.open(to)];
    try {
      writing.truncate(0);
      for (let at = 0; at < reading.size(); at += 1 << 20) writing.write(at, readBytes(reading, at, 1 << 20));
      writing.flush();
    } finally {
      reading.close();
      writing.close();
    }
    await this.delete(from);
  }
  async delete(name: string): Promise<void> {
    const parts = segments(name);
    const folder = await this.#folder(parts.slice(0, -1), false);
    try {
      await folder?.removeEntry(parts[parts.length - 1] ?? "");
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  async list(folder: string): Promise<readonly { name: string; size: number }[]> {
    const directory = await this.#folder(segments(folder), false);
    if (directory === undefined) return [];
    const entries = (directory as unknown as { values(): AsyncIterable<FileSystemHandle> }).values();
    const found: FileSystemFileHandle[] = [];
    for await (const entry of entries) if (entry.kind === "file") found.push(entry as FileSystemFileHandle);
    return await Promise.all(found.map(async (file) => ({ name: file.name, size: (await file.getFile()).size })));
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof DOMException && error.name === "NotFoundError";
}

/** In the words that every program has for it. */
const full = (): DOMException =>
  new DOMException("no space left on device: the browser's storage for this site is full", "QuotaExceededError");
export const isFull = (error: unknown): boolean => error instanceof DOMException && error.name === "QuotaExceededError";

function sayingFull<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw isFull(error) ? full() : error;
  }
}

class OpfsFile implements ByteFile {
  private readonly handle: FileSystemSyncAccessHandle;

  constructor(handle: FileSystemSyncAccessHandle) {
    this.handle = handle;
  }

  size(): number {
    return this.handle.getSize();
  }

  read(offset: number, target: Uint8Array): number {
    return this.handle.read(target as Uint8Array<ArrayBuffer>, { at: offset });
  }

  write(offset: number, data: Uint8Array): void {
    const written = sayingFull(() => this.handle.write(data as Uint8Array<ArrayBuffer>, { at: offset }));
    if (written !== data.length) throw full();
  }

  truncate(size: number): void {
    sayingFull(() => this.handle.truncate(size));
  }

  flush(): void {
    sayingFull(() => this.handle.flush());
  }

  close(): void {
    this.handle.close();
  }
}
