/**
 * Reads untrusted JSON into typed values with the errors that Go's encoding/json makes of a wrong type. Keys match
 * without regard to case, as there.
 */
import { typeName } from "../../go/json.ts";
import { EngineError } from "../errors.ts";

export type Json = Readonly<Record<string, unknown>>;

function mismatch(value: unknown, field: string, type: string): EngineError {
  const into = field === "" ? `value of type ${type}` : `struct field .${field} of type ${type}`;
  return new EngineError("invalidParameter", `invalid JSON: json: cannot unmarshal ${typeName(value)} into Go ${into}`);
}

/** The fields of one JSON object. Every reader answers `undefined` for absent and null. */
export class Fields {
  readonly #values: Json;
  #lower: ReadonlyMap<string, unknown> | undefined;
  constructor(values: Json) {
    this.#values = values;
  }

  static of(value: unknown, field: string, type: string): Fields {
    if (value === undefined || value === null) return new Fields({});
    if (typeof value !== "object" || Array.isArray(value)) throw mismatch(value, field, type);
    return new Fields(value as Json);
  }

  has(name: string): boolean {
    const value = this.raw(name);
    return value !== undefined && value !== null;
  }

  names(): readonly string[] {
    return Object.keys(this.#values);
  }

  raw(name: string): unknown {
    if (Object.hasOwn(this.#values, name)) return this.#values[name];
    this.#lower ??= new Map(Object.entries(this.#values).map(([key, value]) => [key.toLowerCase(), value]));
    return this.#lower.get(name.toLowerCase());
  }

  #typed<T>(name: string, type: string, is: (value: unknown) => value is T): T | undefined {
    const value = this.raw(name);
    if (value === undefined || value === null) return undefined;
    if (!is(value)) throw mismatch(value, name, type);
    return value;
  }

  string(name: string): string {
    return this.#typed(name, "string", isString) ?? "";
  }
  boolean(name: string): boolean {
    return this.optionalBoolean(name) ?? false;
  }
  optionalBoolean(name: string): boolean | undefined {
    return this.#typed(name, "bool", (v) => typeof v === "boolean");
  }
  integer(name: string): number {
    return this.optionalInteger(name) ?? 0;
  }
  optionalInteger(name: string): number | undefined {
    return this.#typed(name, "int64", (v): v is number => Number.isInteger(v));
  }
  strings(name: string): readonly string[] | null {
    const list = this.#typed(name, "[]string", isArray);
    if (list === undefined) return null;
    for (const item of list) if (!isString(item)) throw mismatch(item, name, "string");
    return list as readonly string[];
  }
  lists(name: string): readonly (readonly string[])[] | null {
    const outer = this.#typed(name, "[][]string", isArray);
    return outer?.map((_, i) => new Fields({ [name]: outer[i] }).strings(name) ?? []) ?? null;
  }
  /** strslice.StrSlice: a list, or one string. */
  command(name: string): readonly string[] | null {
    const value = this.raw(name);
    return isString(value) ? [value] : this.strings(name);
  }
  stringMap(name: string): Readonly<Record<string, string>> | undefined {
    const fields = this.object(name, "map[string]string");
    if (fields === undefined) return undefined;
    for (const value of Object.values(fields)) if (!isString(value)) throw mismatch(value, name, "string");
    return fields as Readonly<Record<string, string>>;
  }
  /** Keys of a set written as a map to empty objects. */
  set(name: string): Readonly<Record<string, Record<string, never>>> | undefined {
    const fields = this.object(name, "map[string]struct {}");
    return fields && Object.fromEntries(Object.keys(fields).map((key) => [key, {}]));
  }
  object(name: string, type = "map"): Json | undefined {
    const value = this.raw(name);
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "object" || Array.isArray(value)) throw mismatch(value, name, type);
    return value as Json;
  }
  fields(name: string, type: string): Fields {
    return Fields.of(this.raw(name), name, type);
  }
  list<T>(name: string, type: string, read: (item: Fields) => T): readonly T[] | null {
    const value = this.#typed(name, `[]${type}`, isArray);
    return value === undefined ? null : value.map((item) => read(Fields.of(item, name, type)));
  }
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}
function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
