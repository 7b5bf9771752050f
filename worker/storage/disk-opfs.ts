/**
 * The writable disk's files in the origin private file system. Its synchronous handles exist in dedicated Workers only and
 * lock their file: whoever opens the disk must hold the playground's Web Lock.
 */

import type { ByteFile } from "./byte-file.ts";
import type { DiskFiles } from "./disk.ts";

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
    const written = this.handle.write(data as Uint8Array<ArrayBuffer>, { at: offset });
    if (written !== data.length) throw new DOMException("The browser's storage is full", "QuotaExceededError");
  }

  truncate(size: number): void {
    this.handle.truncate(size);
  }

  flush(): void {
    this.handle.flush();
  }

  close(): void {
    this.handle.close();
  }
}

export async function openOpfsDiskFiles(directory: FileSystemDirectoryHandle): Promise<DiskFiles> {
  const open = async (name: string) => {
    const file = await directory.getFileHandle(name, { create: true });
    return new OpfsFile(await file.createSyncAccessHandle());
  };
  const data = await open("blocks");
  const first = await open("index.0");
  const second = await open("index.1");
  return { data, index: [first, second] };
}
