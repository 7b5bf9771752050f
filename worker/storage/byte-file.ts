/**
 * A file of bytes with synchronous access: the one thing that differs between OPFS, Node and memory for what is stored in
 * place. A write that has returned survives the death of its Worker or process;
 * {@link ByteFile.flush} is for the death of the whole computer.
 */
export interface ByteFile {
  size(): number;
  /** Reads into `target`; bytes beyond the file's end stay as they are. Answers how many were read. */
  read(offset: number, target: Uint8Array): number;
  write(offset: number, data: Uint8Array): void;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

/** A file that is gone with the process. */
export class MemoryFile implements ByteFile {
  private bytes = new Uint8Array(0);
  private length = 0;

  size(): number {
    return this.length;
  }

  read(offset: number, target: Uint8Array): number {
    const count = Math.max(0, Math.min(target.length, this.length - offset));
    target.set(this.bytes.subarray(offset, offset + count));
    return count;
  }

  write(offset: number, data: Uint8Array): void {
    const end = offset + data.length;
    if (end > this.bytes.length) {
      const larger = new Uint8Array(Math.max(end, Math.min(this.bytes.length * 2, this.bytes.length + (64 << 20))));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(data, offset);
    this.length = Math.max(this.length, end);
  }

  truncate(size: number): void {
    this.bytes.fill(0, Math.min(size, this.length), this.length);
    this.length = size;
    if (size > this.bytes.length) {
      const larger = new Uint8Array(size);
      larger.set(this.bytes);
      this.bytes = larger;
    }
  }

  flush(): void {}
  close(): void {}
}
