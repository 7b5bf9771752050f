import type { LogStore } from "../engine/ports/storage.ts";
import { type ByteFile, type ByteFiles, readBytes } from "./files.ts";

/** Contents at one instant by name, in pieces that images of the same log share. */
export type LogsImage = ReadonlyMap<string, readonly Uint8Array[]>;

const piece = 64 * 1024;

/** Container logs as files in `logs/`, kept open while they are written. */
export class FileLogStore implements LogStore {
  readonly #files: ByteFiles;
  readonly #open = new Map<string, Promise<ByteFile>>();
  /** Changes under way, and what later ones wait for while the logs are looked at as a whole. */
  #changing: Promise<unknown> = Promise.resolve();
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
  append(name: string, data: Uint8Array): Promise<void> {
    return this.#change(async () => {
      const file = await this.#file(name);
      file.write(file.size(), data);
    });
  }
  async size(name: string): Promise<number> {
    if (!this.#open.has(name) && !(await this.#files.exists(`logs/${name}`))) return 0;
    return (await this.#file(name)).size();
  }
  async read(name: string, offset: number, length: number): Promise<Uint8Array> {
    if ((await this.size(name)) === 0) return new Uint8Array(0);
    return readBytes(await this.#file(name), offset, length);
  }
  rename(from: string, to: string): Promise<void> {
    return this.#change(async () => {
      await this.#close(from);
      await this.#close(to);
      await this.#files.rename(`logs/${from}`, `logs/${to}`);
    });
  }
  delete(name: string): Promise<void> {
    return this.#change(async () => {
      await this.#close(name);
      await this.#files.delete(`logs/${name}`);
    });
  }

  /** All logs as they are when the changes made so far are done; later ones wait. Shares pieces with an earlier image. */
  capture(earlier: LogsImage = new Map()): Promise<LogsImage> {
    return this.#change(async () => {
      const image = new Map<string, readonly Uint8Array[]>();
      for (const { name } of await this.#files.list("logs")) {
        const file = await this.#file(name);
        const known = earlier.get(name) ?? [];
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < file.size(); at += piece) {
          const bytes = readBytes(file, at, piece);
          const before = known[pieces.length];
          pieces.push(before !== undefined && equal(before, bytes) ? before : bytes);
        }
        image.set(name, pieces);
      }
      return image;
    });
  }

  putBack(image: LogsImage): Promise<void> {
    return this.#change(async () => {
      for (const { name } of await this.#files.list("logs")) {
        if (image.has(name)) continue;
        await this.#close(name);
        await this.#files.delete(`logs/${name}`);
      }
      for (const [name, pieces] of image) {
        const file = await this.#file(name);
        file.truncate(0);
        pieces.forEach((bytes, index) => {
          file.write(index * piece, bytes);
        });
      }
    });
  }

  /** One after the other. */
  #change<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#changing.then(work);
    this.#changing = result.catch(() => {});
    return result;
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
