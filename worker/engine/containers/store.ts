/** All containers, by id and name. What a client was told of is durable once `put` resolves; the memory copy is what is asked. */

import type { ContainerId } from "../domains.ts";
import { EngineError } from "../errors.ts";
import type { RecordStore } from "../ports/storage.ts";
import { Container } from "./container.ts";
import { findLinked } from "./links.ts";
import type { ContainerRecord } from "./model.ts";
import { nameConflict } from "./names.ts";

const kind = "container";

export class ContainerStore {
  readonly #records: RecordStore;
  readonly #byId = new Map<ContainerId, Container>();
  readonly #byName = new Map<string, ContainerId>();
  /** Saves of one container follow each other; the last state wins. */
  readonly #saving = new Map<ContainerId, Promise<void>>();

  constructor(records: RecordStore) {
    this.#records = records;
  }

  async load(): Promise<void> {
    for (const { value } of await this.#records.list(kind)) {
      const record = value as ContainerRecord;
      if (record.schema !== 1) continue;
      this.#byId.set(record.id, new Container(record));
      this.#byName.set(record.name, record.id);
    }
  }

  all(): readonly Container[] {
    return [...this.#byId.values()];
  }

  /** Takes the name at once, so that two creations cannot both have it. */
  reserveName(name: string, id: ContainerId): void {
    const holder = this.#byName.get(name);
    if (holder !== undefined) throw nameConflict(name, holder);
    this.#byName.set(name, id);
  }
  nameTaken(name: string): boolean {
    return this.#byName.has(name);
  }
  releaseName(name: string): void {
    this.#byName.delete(name);
  }

  add(container: Container): Promise<void> {
    this.#byId.set(container.id, container);
    return this.save(container);
  }

  save(container: Container): Promise<void> {
    const before = this.#saving.get(container.id) ?? Promise.resolve();
    const saved = before.then(() =>
      this.#byId.has(container.id) ? this.#records.put(kind, container.id, container.record) : undefined,
    );
    const settled = saved.catch(() => {});
    this.#saving.set(container.id, settled);
    void settled.then(() => {
      if (this.#saving.get(container.id) === settled) this.#saving.delete(container.id);
    });
    return saved;
  }

  async remove(container: Container): Promise<void> {
    this.#byId.delete(container.id);
    if (this.#byName.get(container.record.name) === container.id) this.#byName.delete(container.record.name);
    await this.#saving.get(container.id);
    await this.#records.delete(kind, container.id);
  }

  /** By full id, name, or unique id prefix, in this order, as dockerd looks. */
  find(reference: string): Container | undefined {
    const exact = this.#byId.get(reference as ContainerId);
    if (exact !== undefined) return exact;
    const named = this.#byName.get(reference.replace(/^\//, ""));
    if (named !== undefined) return this.#byId.get(named);
    const linked = findLinked(this, reference);
    if (linked !== undefined) return this.find(linked.link.reference);
    if (!/^[0-9a-f]+$/.test(reference)) return undefined;
    const matches = this.all().filter((c) => c.id.startsWith(reference));
    if (matches.length > 1)
      throw new EngineError("invalidParameter", `Multiple IDs found with provided prefix: ${reference}`);
    return matches[0];
  }

  get(reference: string): Container {
    const found = this.find(reference);
    if (found === undefined)
      throw new EngineError("notFound", `No such container: ${reference}`, { resource: reference });
    return found;
  }
}
