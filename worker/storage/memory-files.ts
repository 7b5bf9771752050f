import { type ByteFile, type ByteFiles, segments } from "./files.ts";

interface Content {
  bytes: Uint8Array;
  size: number;
}

/** Files in memory: for tests, and where the browser offers no storage. */
export class MemoryFiles implements ByteFiles {
  readonly #files = new Map<string, Content>();

  async open(name: string): Promise<ByteFile> {
    segments(name);
    let content = this.#files.get(name);
    if (content === undefined) {
      content = { bytes: new Uint8Array(0), size: 0 };
      this.#files.set(name, content);
    }
    return new MemoryFile(content);
  }
  async exists(name: string): Promise<boolean> {
    return this.#files.has(name);
  }
  async rename(from: string, to: string): Promise<void> {
    segments(to);
    const content = this.#files.get(from);
    if (content === undefined) throw new Error(`no such file in the store: ${from}`);
    this.#files.delete(from);
    this.#files.set(to, content);
  }
  async delete(name: string): Promise<void> {
    this.#files.delete(name);
  }
  async list(folder: string): Promise<readonly { name: string; size: number }[]> {
    const prefix = `${folder}/`;
    return [...this.#files]
      .filter(([name]) => name.startsWith(prefix) && !name.slice(prefix.length).includes("/"))
      .map(([name, content]) => ({ name: name.slice(prefix.length), size: content.size }));
  }
}

class MemoryFile implements ByteFile {
  readonly #content: Content;
  constructor(content: Content) {
    this.#content = content;
  }
  size(): number {
    return this.#content.size;
  }
  read(at: number, length: number): Uint8Array {
    return this.#content.bytes.slice(at, Math.min(at + length, this.#content.size));
  }
  write(at: number, data: Uint8Array): void {
    const end = at + data.length;
    if (end > this.#content.bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#content.bytes.length * 2));
      grown.set(this.#content.bytes.subarray(0, this.#content.size));
      this.#content.bytes = grown;
    }
    this.#content.bytes.set(data, at);
    this.#content.size = Math.max(this.#content.size, end);
  }
  truncate(size: number): void {
    if (size > this.#content.size) this.write(size - 1, new Uint8Array(1));
    else {
      this.#content.bytes.fill(0, size, this.#content.size);
      this.#content.size = size;
    }
  }
  flush(): void {}
  close(): void {}
}
