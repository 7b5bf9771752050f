/**
 * The build cache: a step's key is a digest of what goes into it (the layers below it, the instruction with its variables replaced, the
 * contents of the files that it reads), its value the layer that came out. Times of files are not part of a key.
 */
import type { Clock } from "../../ports/host.ts";
import type { Digest, RecordStore } from "../../ports/storage.ts";
import { digestText } from "../files/digest.ts";
import type { StepReport } from "../model.ts";
import { differences, nearestStep } from "./explain.ts";

/** What a key is made of; kept, so that a miss can be explained. */
export interface StepInputs {
  readonly parents: readonly Digest[];
  /** The step as JSON without the files. */
  readonly definition: string;
  /** Content by path; `undefined` for steps that read none. */
  readonly files: Readonly<Record<string, string>> | undefined;
}

export interface CacheRecord {
  readonly schema: 1;
  readonly key: Digest;
  readonly layer: Digest;
  readonly size: number;
  readonly title: string;
  readonly type: "regular";
  /** Absent in steps of somebody else's cache. */
  readonly inputs?: StepInputs;
  readonly created: string;
  readonly lastUsed: string;
  readonly uses: number;
}

const recordKind = "build-cache";
/** When a step was last taken from the cache; apart, because a record with the files of a large context is long. */
const useKind = "build-cache-use";

export const keyOf = ({ parents, definition, files }: StepInputs): Digest =>
  digestText(JSON.stringify([parents, definition, files === undefined ? null : Object.entries(files).sort()]));

type Use = Pick<CacheRecord, "lastUsed" | "uses">;

export class BuildCache {
  readonly #records: RecordStore;
  readonly #clock: Clock;
  readonly #hasLayer: (layer: Digest) => boolean;
  readonly #known = new Map<Digest, CacheRecord>();

  private constructor(records: RecordStore, clock: Clock, hasLayer: (layer: Digest) => boolean) {
    this.#records = records;
    this.#clock = clock;
    this.#hasLayer = hasLayer;
  }

  static async load(records: RecordStore, clock: Clock, hasLayer: (layer: Digest) => boolean): Promise<BuildCache> {
    const cache = new BuildCache(records, clock, hasLayer);
    for (const { value } of await records.list(recordKind)) {
      const record = value as CacheRecord;
      cache.#known.set(record.key, record);
    }
    for (const { key, value } of await records.list(useKind)) {
      const record = cache.#known.get(key as Digest);
      if (record !== undefined) cache.#known.set(record.key, { ...record, ...(value as Use) });
    }
    return cache;
  }

  list(): readonly CacheRecord[] {
    return [...this.#known.values()].filter(({ layer }) => this.#hasLayer(layer));
  }

  get(key: string): CacheRecord | undefined {
    return this.#known.get(key as Digest);
  }

  /** A layer that is gone is a miss. */
  async find(inputs: StepInputs): Promise<CacheRecord | undefined> {
    const record = this.#known.get(keyOf(inputs));
    if (record === undefined || !this.#hasLayer(record.layer)) return undefined;
    const use: Use = { lastUsed: this.#clock.now().toISOString(), uses: record.uses + 1 };
    const used = { ...record, ...use };
    await this.#records.put(useKind, record.key, use);
    this.#known.set(record.key, used);
    return used;
  }

  /** `created`: of a step that was done elsewhere. */
  async add(inputs: StepInputs, title: string, layer: Digest, size: number, created?: string): Promise<CacheRecord> {
    const now = this.#clock.now().toISOString();
    const key = keyOf(inputs);
    const record: CacheRecord = {
      schema: 1,
      key,
      layer,
      size,
      title,
      type: "regular",
      inputs,
      created: created ?? now,
      lastUsed: now,
      uses: 1,
    };
    await this.#put(record);
    return record;
  }

  async remove(key: Digest): Promise<void> {
    await this.#records.delete(recordKind, key);
    await this.#records.delete(useKind, key);
    this.#known.delete(key);
  }

  /** Why there was no entry, by the step that is most like this one. */
  explain(inputs: StepInputs, title: string): Pick<StepReport, "nearest" | "reasons"> {
    const nearest = nearestStep(this.list(), inputs, title);
    if (nearest === undefined)
      return { reasons: [{ kind: "first", subject: title, text: "no earlier step with this instruction" }] };
    return {
      nearest: { key: nearest.key, lastUsed: nearest.lastUsed },
      reasons: differences(nearest.inputs, inputs),
    };
  }

  async #put(record: CacheRecord): Promise<void> {
    await this.#records.put(recordKind, record.key, record);
    this.#known.set(record.key, record);
  }
}
