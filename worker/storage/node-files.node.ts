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
    return new NodeFile(file);
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

/** A file of the host, created where it is missing. */
class NodeFile implements ByteFile {
  private readonly descriptor: number;

  constructor(path: string) {
    this.descriptor = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
  }

  size(): number {
    return fs.fstatSync(this.descriptor).size;
  }

  read(offset: number, target: Uint8Array): number {
    let done = 0;
    while (done < target.length) {
      const count = fs.readSync(this.descriptor, target, done, target.length - done, offset + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  write(offset: number, data: Uint8Array): void {
    for (let done = 0; done < data.length; ) {
      done += fs.writeSync(this.descriptor, data, done, data.length - done, offset + done);
    }
  }

  truncate(size: number): void {
    fs.ftruncateSync(this.descriptor, size);
  }

  flush(): void {
    fs.fdatasyncSync(this.descriptor);
  }

  close(): void {
    fs.closeSync(this.descriptor);
  }
}
