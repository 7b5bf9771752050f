/** Secrets and configs: named data that a swarm keeps. A secret's data can be stored and never read back. */
import type { EventSink } from "../domains.ts";
import { EngineError } from "../errors.ts";
import { checkFilters, type Filters, matchesLabels } from "../filter-args.ts";
import type { RecordStore } from "../ports/storage.ts";
import type { DataObject } from "./model.ts";
import { checkDataSpec, type DataKind, readDataSpec, refused } from "./requests.ts";

export interface Around {
  readonly records: RecordStore;
  readonly events: EventSink;
  /** Gives out the next version; rejects outside a swarm. */
  next(): Promise<number>;
  /** Throws outside a swarm. */
  active(): void;
  newId(): string;
  now(): string;
}

export class DataObjects {
  readonly #kind: DataKind;
  readonly #around: Around;
  readonly #byId = new Map<string, DataObject>();

  constructor(kind: DataKind, around: Around) {
    this.#kind = kind;
    this.#around = around;
  }

  get #recordKind(): string {
    return `swarm-${this.#kind}`;
  }

  async load(): Promise<void> {
    for (const { key, value } of await this.#around.records.list(this.#recordKind))
      this.#byId.set(key, value as DataObject);
  }

  async clear(): Promise<void> {
    const ids = [...this.#byId.keys()];
    this.#byId.clear();
    await Promise.all(ids.map((id) => this.#around.records.delete(this.#recordKind, id)));
  }

  list(filters: Filters): readonly object[] {
    this.#around.active();
    checkFilters(filters, ["id", "label", "name", "names"]);
    const starts = (values: readonly string[] | undefined, text: string): boolean =>
      values === undefined || values.some((value) => text.startsWith(value));
    return [...this.#byId.values()]
      .filter(({ ID, Spec }) => starts(filters.id, ID) && starts(filters.name, Spec.Name))
      .filter(({ Spec }) => filters.names === undefined || filters.names.includes(Spec.Name))
      .filter(({ Spec }) => matchesLabels(filters.label, Spec.Labels))
      .map((object) => this.#view(object));
  }

  inspect(reference: string): object {
    return this.#view(this.#find(reference));
  }

  /** Answers the id. */
  async create(body: unknown): Promise<string> {
    this.#around.active();
    const spec = readDataSpec(this.#kind, body);
    checkDataSpec(this.#kind, spec);
    if ([...this.#byId.values()].some(({ Spec }) => Spec.Name === spec.Name))
      throw refused("AlreadyExists", `${this.#kind} ${spec.Name} already exists`);
    const at = this.#around.now();
    const id = this.#around.newId();
    const object = { ID: id, Version: { Index: 0 }, CreatedAt: at, UpdatedAt: at, Spec: spec };
    this.#byId.set(id, object);
    await this.#store(object, "create");
    return id;
  }

  async update(reference: string, version: number, body: unknown): Promise<void> {
    const object = this.#find(reference);
    const { Name, Labels, Data } = readDataSpec(this.#kind, body);
    if (version !== object.Version.Index) throw refused("Unknown", "update out of sequence");
    if (Name !== object.Spec.Name || (Data !== "" && Data !== object.Spec.Data))
      throw refused("InvalidArgument", "only updates to Labels are allowed");
    await this.#store({ ...object, UpdatedAt: this.#around.now(), Spec: { ...object.Spec, Labels } }, "update");
  }

  async remove(reference: string): Promise<void> {
    const { ID, Spec } = this.#find(reference);
    this.#byId.delete(ID);
    await this.#around.records.delete(this.#recordKind, ID);
    this.#around.events.publish(this.#kind, "remove", ID, { name: Spec.Name });
  }

  async #store(object: DataObject, action: "create" | "update"): Promise<void> {
    const stored = { ...object, Version: { Index: await this.#around.next() } };
    this.#byId.set(object.ID, stored);
    await this.#around.records.put(this.#recordKind, object.ID, stored);
    this.#around.events.publish(this.#kind, action, object.ID, { name: object.Spec.Name });
  }

  /** By full id, name, or unique prefix of the id, in this order. */
  #find(reference: string): DataObject {
    this.#around.active();
    const all = [...this.#byId.values()];
    const named = this.#byId.get(reference) ?? all.find(({ Spec }) => Spec.Name === reference);
    const matching = named === undefined ? all.filter(({ ID }) => ID.startsWith(reference)) : [named];
    const [found] = matching;
    if (matching.length > 1)
      throw new EngineError(
        "invalidParameter",
        `${this.#kind} ${reference} is ambiguous (${matching.length} matches found)`,
      );
    if (found === undefined) throw new EngineError("notFound", `${this.#kind} ${reference} not found`);
    return found;
  }

  #view({ ID, Version, CreatedAt, UpdatedAt, Spec: { Name, Labels, Data } }: DataObject): object {
    const Spec = { Name, Labels, ...(this.#kind === "config" && { Data }) };
    return { ID, Version, CreatedAt, UpdatedAt, Spec };
  }
}
