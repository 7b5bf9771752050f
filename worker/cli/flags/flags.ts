/** The flags that a command was given. */

import { parseCsv } from "../../go/csv.ts";
import { parseDuration } from "../../go/duration.ts";
import { parseBool, parseFloat64, parseInt64, parseUint } from "../../go/strconv.ts";
import { parseBytes } from "../../go/units.ts";
import { ValueError } from "../../go/value-error.ts";
import type { FlagSpec } from "../command/tree.ts";
import { cut, parseCpus } from "./values.ts";

/** Values of list-like flags are checked by the flag's name, given the environment. */
export type ListCheck = (value: string) => string;

export class Flags {
  readonly #specs: ReadonlyMap<string, FlagSpec>;
  readonly #values = new Map<string, unknown>();
  readonly #lists = new Map<string, string[]>();
  readonly #changed = new Set<string>();

  constructor(specs: readonly FlagSpec[]) {
    this.#specs = new Map(specs.map((s) => [s.name, s]));
  }

  spec(name: string): FlagSpec | undefined {
    return this.#specs.get(name);
  }
  byShort(short: string): FlagSpec | undefined {
    for (const spec of this.#specs.values()) if (spec.short === short) return spec;
    return undefined;
  }

  /** Takes one value; throws ValueError. */
  set(spec: FlagSpec, text: string, check: ListCheck | undefined): void {
    const { name } = spec;
    switch (spec.type) {
      case "bool":
        this.#values.set(name, parseBool(text));
        break;
      case "int":
        this.#values.set(name, parseInt64(text));
        break;
      case "uint":
      case "uint64":
        this.#values.set(name, parseUint(text, 64n));
        break;
      case "uint16":
        this.#values.set(name, parseUint(text, 16n));
        break;
      case "uint32":
        this.#values.set(name, parseUint(text, 32n));
        break;
      case "float":
        this.#values.set(name, parseFloat64(text));
        break;
      case "duration":
        this.#values.set(name, parseDuration(text));
        break;
      case "bytes":
        this.#values.set(name, name === "memory-swap" && text === "-1" ? -1 : parseBytes(text));
        break;
      case "decimal":
        this.#values.set(name, parseCpus(text));
        break;
      case "string":
      case "pref":
        this.#values.set(name, check === undefined ? text : check(text));
        break;
      case "filter":
        if (text !== "" && !text.includes("=")) throw new ValueError("bad format of filter (expected name=value)");
        if (text !== "") this.#push(name, text);
        break;
      case "strings":
        for (const item of text === "" ? [] : parseCsv(text)) this.#push(name, item);
        break;
      default:
        this.#push(name, check === undefined ? text : check(text));
    }
    this.#changed.add(name);
  }
  #push(name: string, text: string): void {
    const list = this.#lists.get(name);
    if (list === undefined) this.#lists.set(name, [text]);
    else list.push(text);
  }

  changed(name: string): boolean {
    return this.#changed.has(name);
  }
  bool(name: string): boolean {
    return this.#values.get(name) === true;
  }
  /** A flag that is true unless set to false. */
  boolOr(name: string, absent: boolean): boolean {
    return this.changed(name) ? this.bool(name) : absent;
  }
  string(name: string): string {
    return (this.#values.get(name) as string | undefined) ?? "";
  }
  number(name: string): number {
    return (this.#values.get(name) as number | undefined) ?? 0;
  }
  list(...names: readonly string[]): readonly string[] {
    return names.flatMap((name) => this.#lists.get(name) ?? []);
  }
  /** The values of `--filter`, as the API takes them. */
  filters(name = "filter"): Record<string, string[]> {
    const out: Record<string, string[]> = {};
    for (const text of this.list(name)) {
      const [key, value] = cut(text, "=");
      const name = key.trim().toLowerCase();
      const list = out[name] ?? [];
      if (!list.includes(value.trim())) list.push(value.trim());
      out[name] = list;
    }
    return out;
  }
}
