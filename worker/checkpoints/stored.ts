/**
 * Checkpoints in the playground's storage, from which a new Worker can start: the machine's part as a file, the disk as a frozen generation,
 * images as blobs that are held. The record comes last, so that what a cut-off left behind is found by its absence.
 */
import type { CheckpointInfo } from "../protocol/index.ts";
import type { BlobsImage } from "../storage/blobs.ts";
import { type ByteFiles, readBytes } from "../storage/files.ts";
import { receiveInto } from "../storage/receive.ts";
import { JournalRecordStore } from "../storage/records.ts";
import { checkpointKind, type Stores } from "./stores.ts";

interface StoredRecord {
  readonly schema: 1;
  readonly info: CheckpointInfo;
  readonly generation: number;
  readonly blobs: readonly (readonly [string, number])[];
}

export interface StoredCheckpoint {
  readonly info: CheckpointInfo;
  readonly generation: number;
  readonly blobs: BlobsImage;
}

const folder = "checkpoints";
const piece = 1 << 20;
/** Checkpoints are found by their ids. */
const unhashed = { update: () => undefined, digest: () => new Uint8Array(0) };

export class StoredCheckpoints {
  readonly #stores: Stores;
  readonly #stored = new Map<string, StoredCheckpoint>();

  private constructor(stores: Stores) {
    this.#stores = stores;
  }

  /** Finds them, and frees what belongs to none: a Worker that has ended leaves the blocks of the checkpoints in its memory behind. */
  static async open(stores: Stores): Promise<StoredCheckpoints> {
    const found = new StoredCheckpoints(stores);
    for (const { key, value } of await stores.records.list(checkpointKind)) {
      const { info, generation, blobs } = value as StoredRecord;
      const image = new Map(blobs) as BlobsImage;
      stores.blobs.hold(image);
      found.#stored.set(key, { info, generation, blobs: image });
    }
    const generations = new Set([...found.#stored.values()].map(({ generation }) => generation));
    for (const generation of stores.disk.generations) if (!generations.has(generation)) stores.disk.forget(generation);
    for (const { name } of await stores.files.list(folder))
      if (!found.has(name)) await stores.files.delete(`${folder}/${name}`);
    return found;
  }

  /** Oldest first. */
  list(): readonly CheckpointInfo[] {
    return [...this.#stored.values()].map(({ info }) => info);
  }

  has(id: string): boolean {
    return this.#stored.has(id);
  }

  get(id: string): StoredCheckpoint | undefined {
    return this.#stored.get(id);
  }

  async add(
    info: CheckpointInfo,
    content: ReadableStream<Uint8Array>,
    generation: number,
    blobs: BlobsImage,
  ): Promise<void> {
    const { files, records, disk } = this.#stores;
    const name = `${folder}/${info.id}`;
    if (files.receive !== undefined) await files.receive(name, content);
    else await receiveInto(await files.open(name), content, unhashed);
    disk.flush();
    const record: StoredRecord = { schema: 1, info, generation, blobs: [...blobs] };
    await records.put(checkpointKind, info.id, record);
    this.#stored.set(info.id, { info, generation, blobs });
  }

  /** Its blocks and blobs are the caller's to free. */
  async remove(id: string): Promise<StoredCheckpoint | undefined> {
    const gone = this.#stored.get(id);
    if (gone === undefined) return undefined;
    this.#stored.delete(id);
    await this.#stores.records.delete(checkpointKind, id);
    await this.#stores.files.delete(`${folder}/${id}`);
    return gone;
  }

  async read(id: string): Promise<ReadableStream<Uint8Array>> {
    const file = await this.#stores.files.open(`${folder}/${id}`);
    let at = 0;
    return new ReadableStream({
      pull(controller) {
        const bytes = readBytes(file, at, piece);
        at += bytes.length;
        if (bytes.length > 0) controller.enqueue(bytes);
        else {
          file.close();
          controller.close();
        }
      },
      cancel: () => file.close(),
    });
  }
}

/** What a playground stores that nobody has open. */
export async function listStored(files: ByteFiles): Promise<readonly CheckpointInfo[]> {
  const records = await JournalRecordStore.open(files);
  try {
    return (await records.list(checkpointKind)).map(({ value }) => (value as StoredRecord).info);
  } finally {
    records.close();
  }
}
