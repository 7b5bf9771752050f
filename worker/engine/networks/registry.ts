/** The networks that exist, by name, id and prefix of an id; each kept in the record store. */
import type { NetworkId } from "../domains.ts";
import { EngineError } from "../errors.ts";
import type { RecordStore } from "../ports/storage.ts";
import type { NetworkRecord } from "./model.ts";

const kind = "network";
export const predefined: readonly string[] = ["bridge", "host", "none"];

export class NetworkRegistry {
  readonly #records: RecordStore;
  readonly #networks = new Map<NetworkId, NetworkRecord>();

  constructor(records: RecordStore) {
    this.#records = records;
  }

  async load(): Promise<void> {
    for (const { value } of await this.#records.list(kind)) {
      const record = value as NetworkRecord;
      this.#networks.set(record.id, record);
    }
  }

  all(): readonly NetworkRecord[] {
    return [...this.#networks.values()];
  }

  get(id: NetworkId): NetworkRecord | undefined {
    return this.#networks.get(id);
  }

  byName(name: string): NetworkRecord | undefined {
    return this.all().find((network) => network.name === name);
  }

  /** As moby's FindNetwork: the full id, then the name, then a unique prefix of an id. */
  find(reference: string): NetworkRecord {
    const exact =
      this.#networks.get(reference as NetworkId) ?? this.byName(reference === "default" ? "bridge" : reference);
    if (exact !== undefined) return exact;
    const matches = reference === "" ? [] : this.all().filter((network) => network.id.startsWith(reference));
    const [match] = matches;
    if (match === undefined)
      throw new EngineError("notFound", `network ${reference} not found`, { resource: reference });
    if (matches.length > 1)
      throw new EngineError(
        "invalidParameter",
        `network ${reference} is ambiguous (${matches.length} matches found based on ID prefix)`,
        { resource: reference },
      );
    return match;
  }

  async put(record: NetworkRecord): Promise<void> {
    this.#networks.set(record.id, record);
    await this.#records.put(kind, record.id, record);
  }

  async delete(id: NetworkId): Promise<void> {
    this.#networks.delete(id);
    await this.#records.delete(kind, id);
  }
}
