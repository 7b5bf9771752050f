import { MemoryFile } from "./byte-file.ts";
import { type ByteFile, type ByteFiles, segments } from "./files.ts";

/** Files in memory: for tests, and where the browser offers no storage. */
export class MemoryFiles implements ByteFiles {
  readonly #files = new Map<string, MemoryFile>();

  async open(name: string): Promise<ByteFile> {
    segments(name);
    let file = this.#files.get(name);
    if (file === undefined) {
      file = new MemoryFile();
      this.#files.set(name, file);
    }
    return file;
  }
  async exists(name: string): Promise<boolean> {
    return this.#files.has(name);
  }
  async rename(from: string, to: string): Promise<void> {
    segments(to);
    const file = this.#files.get(from);
    if (file === undefined) throw new Error(`no such file in the store: ${from}`);
    this.#files.delete(from);
    this.#files.set(to, file);
  }
  async delete(name: string): Promise<void> {
    this.#files.delete(name);
  }
  async list(folder: string): Promise<readonly { name: string; size: number }[]> {
    const prefix = `${folder}/`;
    return [...this.#files]
      .filter(([name]) => name.startsWith(prefix) && !name.slice(prefix.length).includes("/"))
      .map(([name, file]) => ({ name: name.slice(prefix.length), size: file.size() }));
  }
}
