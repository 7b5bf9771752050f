/** `bake --print` and `bake --list`. */

import { entryFields, type Resolved } from "./resolve.ts";
import { type Definitions, type Entry, fields, type Target } from "./target.ts";

const sorted = <T>(record: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

/** As buildx marshals it: fields in their order, maps by key, empty ones left out. */
export function printed({ groups, targets }: Resolved): string {
  const group = Object.fromEntries([...groups].map(([name, members]) => [name, { targets: members }]));
  const target = Object.fromEntries([...targets].map(([name, value]) => [name, targetJson(value)]));
  return `${JSON.stringify({ group: sorted(group), target: sorted(target) }, undefined, 2)}\n`;
}

function targetJson(target: Target): Readonly<Record<string, unknown>> {
  const shown: Record<string, unknown> = {};
  for (const [name, kind] of Object.entries(fields) as [keyof Target, string][]) {
    const value = target[name];
    if (value === undefined || name === "inherits") continue;
    if (kind === "map") {
      if (Object.keys(value as object).length > 0) shown[name] = sorted(value as Record<string, string>);
    } else if (kind === "entries") {
      const single = name === "secret" || name === "ssh" ? "id" : name === "output" ? "type" : "ref";
      const list = (value as readonly Entry[]).map((entry) => sorted(entryJson(entry, single)));
      if (list.length > 0) shown[name] = list;
    } else if (!(Array.isArray(value) && value.length === 0)) shown[name] = value;
  }
  return shown;
}

/** A cache that is a reference alone is a registry's. */
const entryJson = (entry: Entry, single: string): Readonly<Record<string, string>> =>
  single === "ref" && typeof entry === "string" && !entry.includes("=")
    ? { type: "registry", ref: entry }
    : entryFields(entry, single);

export function listed(definitions: Definitions, what: string): string | undefined {
  const options = Object.fromEntries(what.split(",").map((field) => field.split("=")) as [string, string?][]);
  const type = options.type ?? what.split(",")[0];
  const isJson = options.format === "json";
  if (type === "targets") return targetList(definitions, isJson);
  if (type === "variables") return variableList(definitions, isJson);
  return undefined;
}

function targetList({ groups, targets }: Definitions, isJson: boolean): string {
  const rows = [
    ...[...targets].map(([name, { description }]) => ({ name, ...(description === undefined ? {} : { description }) })),
    ...[...groups]
      .filter(([name]) => !targets.has(name))
      .map(([name, group]) => ({
        name,
        description: group.description ?? [...group.targets].sort().join(", "),
        group: true,
      })),
  ].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (isJson) return `${JSON.stringify(rows, undefined, 2)}\n`;
  return ["TARGET\tDESCRIPTION", ...rows.map(({ name, description = "" }) => `${name}\t${description}`), ""].join("\n");
}

function variableList({ variables }: Definitions, isJson: boolean): string {
  const rows = variables.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (isJson)
    return `${JSON.stringify(
      rows.map(({ name, value, description }) => ({ name, value, ...(description === "" ? {} : { description }) })),
      undefined,
      2,
    )}\n`;
  const text = (value: unknown): string =>
    typeof value === "string" ? value : value === null ? "" : JSON.stringify(value);
  const lines = rows.map(({ name, value, description }) => `${name}\t\t${text(value)}\t${description}`);
  return ["VARIABLE\tTYPE\tVALUE\tDESCRIPTION", ...lines, ""].join("\n");
}
