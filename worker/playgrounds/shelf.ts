/**
 * All playgrounds of this browser: a folder each, with its name in `playground.json`, or named as the folder. One that is being filled has
 * the file `unfinished`; when nobody fills it any more (its tab was closed), it is cleared away.
 */
import { EngineError } from "../engine/errors.ts";
import { defaultPlayground, type PlaygroundInfo } from "../protocol/index.ts";
import type { DiskBase } from "../storage/disk.ts";
import type { ByteFiles } from "../storage/files.ts";
import { packPlayground, unpackPlayground } from "./archive.ts";

/** What the shelf stands on. */
export interface PlaygroundFolders {
  list(): Promise<readonly string[]>;
  files(id: string): Promise<ByteFiles>;
  /** A small file that any tab reads and writes at any time, whole; undefined where there is none. */
  readText(id: string, name: string): Promise<string | undefined>;
  writeText(id: string, name: string, text: string): Promise<void>;
  bytes(id: string): Promise<number>;
  remove(id: string): Promise<void>;
  /**
   * The playground's lock while `work` lasts; undefined, and `work` is not done, where somebody else has it. `waiting` gives a machine that
   * was just shut down, or a tab that was just closed, a moment to give it back.
   */
  alone<T>(
    id: string,
    work: () => Promise<T>,
    options?: { readonly waiting: boolean },
  ): Promise<{ readonly value: T } | undefined>;
}

export interface DiskOfSite {
  readonly base: DiskBase;
  readonly baseDigest: string;
}

interface Label {
  readonly name: string;
  readonly created: number;
  readonly used: number;
}

/** Of those that nobody gave a name. */
const usualNames: Readonly<Record<string, string>> = { [defaultPlayground]: "Playground", lessons: "Lessons" };
const labelFile = "playground.json";
const unfinishedFile = "unfinished";
const longestName = 80;

export class PlaygroundShelf {
  readonly #folders: PlaygroundFolders;
  readonly #disk: () => Promise<DiskOfSite>;
  readonly #now: () => number;

  constructor(folders: PlaygroundFolders, options: { disk: () => Promise<DiskOfSite>; now: () => number }) {
    this.#folders = folders;
    this.#disk = options.disk;
    this.#now = options.now;
  }

  async list(): Promise<readonly PlaygroundInfo[]> {
    const found: PlaygroundInfo[] = [];
    for (const id of await this.#folders.list()) {
      const files = await this.#folders.files(id);
      if (await files.exists(unfinishedFile)) await this.#folders.alone(id, () => this.#folders.remove(id));
      else found.push({ id, ...(await this.#label(id)), bytes: await this.#folders.bytes(id) });
    }
    return found.sort((a, b) => b.used - a.used);
  }

  async create(name: string): Promise<PlaygroundInfo> {
    const now = this.#now();
    return await this.#fill(named(name), async () => ({ name: named(name), created: now, used: now }));
  }

  async touch(id: string): Promise<void> {
    const { name, created } = await this.#label(id);
    const now = this.#now();
    await this.#write(id, { name, created: created || now, used: now });
  }

  async rename(id: string, name: string): Promise<void> {
    await this.#write(id, { ...(await this.#existing(id)), name: named(name) });
  }

  async remove(id: string): Promise<void> {
    const { name } = await this.#existing(id);
    await this.#alone(id, name, () => this.#folders.remove(id));
  }

  async duplicate(id: string, name: string): Promise<PlaygroundInfo> {
    const copy = await this.exportFile(id);
    return await this.#import(copy, () => named(name));
  }

  /** The lock is held until the last byte is read, or the reader goes away. */
  async exportFile(id: string): Promise<ReadableStream<Uint8Array>> {
    const { name } = await this.#existing(id);
    const disk = await this.#disk();
    return await new Promise((resolve, reject) => {
      this.#alone(id, name, async () => {
        const packed = packPlayground(name, { ...disk, files: await this.#folders.files(id) });
        const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
        resolve(readable);
        // A reader that goes away ends the pipe; there is nobody left to tell.
        await packed.pipeTo(writable).catch(() => {});
      }).catch(reject);
    });
  }

  async importFile(source: ReadableStream<Uint8Array>): Promise<PlaygroundInfo> {
    return await this.#import(source, (name) => name);
  }

  async #import(source: ReadableStream<Uint8Array>, rename: (name: string) => string): Promise<PlaygroundInfo> {
    const disk = await this.#disk();
    return await this.#fill("playground", async (files) => {
      const name = rename(await unpackPlayground(source, { ...disk, files }));
      const now = this.#now();
      return { name: named(name), created: now, used: now };
    });
  }

  /** Makes a folder of a new id, locked until it has its label, and takes it away again when `work` fails. */
  async #fill(wish: string, work: (files: ByteFiles) => Promise<Label>): Promise<PlaygroundInfo> {
    const taken = new Set([...(await this.#folders.list()), defaultPlayground]);
    for (;;) {
      const id = freeId(wish, taken);
      const filled = await this.#folders.alone(id, async () => {
        try {
          const files = await this.#folders.files(id);
          (await files.open(unfinishedFile)).close();
          const label = await work(files);
          await this.#write(id, label);
          await files.delete(unfinishedFile);
          return { id, ...label, bytes: await this.#folders.bytes(id) };
        } catch (error) {
          await this.#folders.remove(id);
          throw error;
        }
      });
      if (filled !== undefined) return filled.value;
      taken.add(id);
    }
  }

  async #alone<T>(id: string, name: string, work: () => Promise<T>): Promise<T> {
    const done = await this.#folders.alone(id, work, { waiting: true });
    if (done !== undefined) return done.value;
    throw new EngineError("conflict", `${name} is open in a tab: close it there first.`);
  }

  async #existing(id: string): Promise<Label> {
    if ((await this.#folders.list()).includes(id)) return await this.#label(id);
    throw new EngineError("notFound", `There is no playground ${JSON.stringify(id)} in this browser.`);
  }

  async #label(id: string): Promise<Label> {
    const text = await this.#folders.readText(id, labelFile);
    try {
      const { name, created, used } = JSON.parse(text ?? "") as Partial<Label>;
      return { name: String(name), created: Number(created) || 0, used: Number(used) || 0 };
    } catch {
      return { name: usualNames[id] ?? id, created: 0, used: 0 };
    }
  }

  async #write(id: string, label: Label): Promise<void> {
    await this.#folders.writeText(id, labelFile, JSON.stringify(label));
  }
}

function named(name: string): string {
  const clean = [...name.trim()].slice(0, longestName).join("");
  if (clean === "") throw new EngineError("invalidParameter", "A playground needs a name.");
  return clean;
}

/** What stands in the address: the name's letters and digits, with a number where that is taken. */
function freeId(name: string, taken: ReadonlySet<string>): string {
  const plain = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
  const wish = plain === "" ? "playground" : plain;
  let id = wish;
  for (let number = 2; taken.has(id); number++) id = `${wish}-${number}`;
  return id;
}
