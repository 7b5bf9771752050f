import type { RecordStore } from "../engine/ports/storage.ts";
import { type ByteFile, type ByteFiles, readBytes } from "./files.ts";

const name = "records/journal";
/** The journal is written anew when it holds this many times more bytes than the records that still stand. */
const slack = 4;
const smallest = 256 * 1024;

/** Records at one instant, by kind and key, as JSON. */
export type RecordsImage = ReadonlyMap<string, ReadonlyMap<string, string>>;

type Entry = readonly [kind: string, key: string, value?: unknown];

/**
 * Records in one append-only journal, a JSON line each; a record put again replaces, a line without value deletes. One write per
 * change; a line cut off by a crash is dropped at the next start, all before it stand.
 */
export class JournalRecordStore implements RecordStore {
  readonly #files: ByteFiles;
  #file: ByteFile;
  readonly #kinds = new Map<string, Map<string, string>>();
  #end = 0;
  #live = 0;
  #compacting: Promise<void> | undefined;

  private constructor(files: ByteFiles, file: ByteFile) {
    this.#files = files;
    this.#file = file;
  }

  /** Lets go of the journal; what was open must not be used any more. */
  close(): void {
    this.#file.close();
  }

  static async open(files: ByteFiles): Promise<JournalRecordStore> {
    const store = new JournalRecordStore(files, await files.open(name));
    store.#load();
    return store;
  }

  #load(): void {
    const bytes = readBytes(this.#file, 0, this.#file.size());
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(10, start);
      if (end < 0) break;
      const line = new TextDecoder().decode(bytes.subarray(start, end));
      try {
        this.#apply(JSON.parse(line) as Entry);
      } catch {
        break;
      }
      start = end + 1;
    }
    this.#end = start;
    if (start < bytes.length) this.#file.truncate(start);
  }

  #apply([kind, key, value]: Entry): void {
    let records = this.#kinds.get(kind);
    if (records === undefined) {
      records = new Map();
      this.#kinds.set(kind, records);
    }
    this.#live -= records.get(key)?.length ?? 0;
    if (value === undefined) records.delete(key);
    else {
      const text = JSON.stringify(value);
      records.set(key, text);
      this.#live += text.length;
    }
  }

  async #append(entry: Entry): Promise<void> {
    while (this.#compacting !== undefined) await this.#compacting;
    this.#apply(entry);
    const line = new TextEncoder().encode(`${JSON.stringify(entry)}\n`);
    this.#file.write(this.#end, line);
    this.#end += line.length;
    if (this.#end <= slack * this.#live + smallest) return;
    this.#compacting = this.#compact();
    await this.#compacting;
    this.#compacting = undefined;
  }

  async #compact(): Promise<void> {
    const lines: string[] = [];
    for (const [kind, records] of this.#kinds)
      for (const [key, text] of records) lines.push(`[${JSON.stringify(kind)},${JSON.stringify(key)},${text}]\n`);
    const bytes = new TextEncoder().encode(lines.join(""));
    const fresh = await this.#files.open(`${name}.new`);
    fresh.truncate(0);
    fresh.write(0, bytes);
    fresh.flush();
    fresh.close();
    this.#file.close();
    await this.#files.rename(`${name}.new`, name);
    this.#file = await this.#files.open(name);
    this.#end = bytes.length;
  }

  /** All records of now but those of the kinds left out. */
  capture(except: ReadonlySet<string>): RecordsImage {
    const kinds = [...this.#kinds].filter(([kind]) => !except.has(kind));
    return new Map(kinds.map(([kind, records]) => [kind, new Map(records)]));
  }

  /** Makes the records what they were, in one write; kinds left out stay as they are. */
  async putBack(image: RecordsImage, except: ReadonlySet<string>): Promise<void> {
    while (this.#compacting !== undefined) await this.#compacting;
    const lines: string[] = [];
    const change = (entry: Entry): void => {
      this.#apply(entry);
      lines.push(`${JSON.stringify(entry)}\n`);
    };
    for (const kind of new Set([...this.#kinds.keys(), ...image.keys()])) {
      if (except.has(kind)) continue;
      const [now, then] = [new Map(this.#kinds.get(kind)), image.get(kind) ?? new Map<string, string>()];
      for (const key of now.keys()) if (!then.has(key)) change([kind, key]);
      for (const [key, text] of then) if (now.get(key) !== text) change([kind, key, JSON.parse(text)]);
    }
    const bytes = new TextEncoder().encode(lines.join(""));
    this.#file.write(this.#end, bytes);
    this.#end += bytes.length;
  }

  async get(kind: string, key: string): Promise<unknown> {
    const text = this.#kinds.get(kind)?.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }
  put(kind: string, key: string, value: unknown): Promise<void> {
    return this.#append([kind, key, value]);
  }
  async delete(kind: string, key: string): Promise<void> {
    if (this.#kinds.get(kind)?.has(key)) await this.#append([kind, key]);
  }
  async list(kind: string): Promise<readonly { readonly key: string; readonly value: unknown }[]> {
    return [...(this.#kinds.get(kind) ?? [])].map(([key, text]) => ({ key, value: JSON.parse(text) }));
  }
}
