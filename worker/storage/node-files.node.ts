import * as fs from "node:fs";
import * as path from "node:path";
import { type ByteFile, type ByteFiles, segments } from "./files.ts";

/** Files below a directory of the host. */
export class NodeFiles implements ByteFiles {
  readonly #root: string;
  constructor(root: string) {
    this.#root = root;
  }
  #path(name: string): string {
    return path.join(this.#root, ...segments(name));
  }
  async open(name: string): Promise<ByteFile> {
    const file = this.#path(name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    return new NodeFile(fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600));
  }
  async exists(name: string): Promise<boolean> {
    return fs.existsSync(this.#path(name));
  }
  async rename(from: string, to: string): Promise<void> {
    const target = this.#path(to);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.renameSync(this.#path(from), target);
  }
  async delete(name: string): Promise<void> {
    fs.rmSync(this.#path(name), { force: true });
  }
  async list(folder: string): Promise<readonly { name: string; size: number }[]> {
    const directory = this.#path(folder);
    if (!fs.existsSync(directory)) return [];
    return fs
      .readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => ({ name: entry.name, size: fs.statSync(path.join(directory, entry.name)).size }));
  }
}

class NodeFile implements ByteFile {
  readonly #fd: number;
  constructor(fd: number) {
    this.#fd = fd;
  }
  size(): number {
    return fs.fstatSync(this.#fd).size;
  }
  read(at: number, length: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.size() - at)));
    let have = 0;
    while (have < bytes.length) {
      const n = fs.readSync(this.#fd, bytes, have, bytes.length - have, at + have);
      if (n === 0) return bytes.subarray(0, have);
      have += n;
    }
    return bytes;
  }
  write(at: number, data: Uint8Array): void {
    for (let done = 0; done < data.length; ) done += fs.writeSync(this.#fd, data, done, data.length - done, at + done);
  }
  truncate(size: number): void {
    fs.ftruncateSync(this.#fd, size);
  }
  flush(): void {
    fs.fdatasyncSync(this.#fd);
  }
  close(): void {
    fs.closeSync(this.#fd);
  }
}
