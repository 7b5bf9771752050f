import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { ByteFile } from "./byte-file.ts";
import type { DiskFiles } from "./disk.ts";

/** A file of the host, created where it is missing. */
export class NodeFile implements ByteFile {
  private readonly descriptor: number;

  constructor(path: string) {
    this.descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  }

  size(): number {
    return fstatSync(this.descriptor).size;
  }

  read(offset: number, target: Uint8Array): number {
    let done = 0;
    while (done < target.length) {
      const count = readSync(this.descriptor, target, done, target.length - done, offset + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  write(offset: number, data: Uint8Array): void {
    for (let done = 0; done < data.length; ) {
      done += writeSync(this.descriptor, data, done, data.length - done, offset + done);
    }
  }

  truncate(size: number): void {
    ftruncateSync(this.descriptor, size);
  }

  flush(): void {
    fdatasyncSync(this.descriptor);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

export function openDiskFiles(directory: string): DiskFiles {
  mkdirSync(directory, { recursive: true });
  const open = (name: string) => new NodeFile(join(directory, name));
  return { data: open("blocks"), index: [open("index.0"), open("index.1")] };
}
