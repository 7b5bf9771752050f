import type { LogStore } from "../engine/ports/storage.ts";
import { type ByteFile, type ByteFiles, readBytes } from "./files.ts";

/** Container logs as files in `logs/`, kept open while they are written. */
export class FileLogStore implements LogStore {
  readonly #files: ByteFiles;
  readonly #open = new Map<string, Promise<ByteFile>>();
  constructor(files: ByteFiles) {
    this.#files = files;
  }
  #file(name: string): Promise<ByteFile> {
    let file = this.#open.get(name);
    if (file === undefined) {
      file = this.#files.open(`logs/${name}`);
      this.#open.set(name, file);
    }
    return file;
  }
  async #close(name: string): Promise<void> {
    const file = this.#open.get(name);
    this.#open.delete(name);
    (await file)?.close();
  }
  async append(name: string, data: Uint8Array): Promise<void> {
    const file = await this.#file(name);
    file.write(file.size(), data);
  }
  async size(name: string): Promise<number> {
    if (!this.#open.has(name) && !(await this.#files.exists(`logs/${name}`))) return 0;
    return (await this.#file(name)).size();
  }
  async read(name: string, offset: number, length: number): Promise<Uint8Array> {
    if ((await this.size(name)) === 0) return new Uint8Array(0);
    return readBytes(await this.#file(name), offset, length);
  }
  async rename(from: string, to: string): Promise<void> {
    await this.#close(from);
    await this.#close(to);
    await this.#files.rename(`logs/${from}`, `logs/${to}`);
  }
  async delete(name: string): Promise<void> {
    await this.#close(name);
    await this.#files.delete(`logs/${name}`);
  }
}
