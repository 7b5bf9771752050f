/** A target of a bake file, in the file's own words, and how two descriptions of one become one (buildx's Target.Merge). */
import type { Value } from "./hcl/evaluate.ts";

/** Text, a list of texts, or fields by name: an output may be "type=local,dest=x" or an object. */
export type Entry = string | Readonly<Record<string, string>>;

export interface Target {
  readonly inherits?: readonly string[];
  readonly description?: string;
  readonly annotations?: readonly string[];
  readonly attest?: readonly Entry[];
  readonly context?: string;
  readonly contexts?: Readonly<Record<string, string>>;
  readonly dockerfile?: string;
  readonly "dockerfile-inline"?: string;
  readonly args?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly tags?: readonly string[];
  readonly "cache-from"?: readonly Entry[];
  readonly "cache-to"?: readonly Entry[];
  readonly target?: string;
  readonly secret?: readonly Entry[];
  readonly ssh?: readonly Entry[];
  readonly platforms?: readonly string[];
  readonly output?: readonly Entry[];
  readonly pull?: boolean;
  readonly "no-cache"?: boolean;
  readonly network?: string;
  readonly "no-cache-filter"?: readonly string[];
  readonly "shm-size"?: string;
  readonly ulimits?: readonly string[];
  readonly call?: string;
  readonly entitlements?: readonly string[];
  readonly "extra-hosts"?: Readonly<Record<string, string>>;
}
export interface Group {
  readonly description?: string;
  readonly targets: readonly string[];
}
export interface Variable {
  readonly name: string;
  readonly value: Value;
  readonly description: string;
}

/** One file, or all of them together. */
export interface Definitions {
  readonly groups: ReadonlyMap<string, Group>;
  readonly targets: ReadonlyMap<string, Target>;
  readonly variables: readonly Variable[];
}

type Kind = "text" | "flag" | "texts" | "entries" | "map" | "map-nullable";
/** In the order of `--print`. */
export const fields: Readonly<Record<keyof Target, Kind>> = {
  description: "text",
  inherits: "texts",
  annotations: "texts",
  attest: "entries",
  context: "text",
  contexts: "map",
  dockerfile: "text",
  "dockerfile-inline": "text",
  args: "map",
  labels: "map",
  tags: "texts",
  "cache-from": "entries",
  "cache-to": "entries",
  target: "text",
  secret: "entries",
  ssh: "entries",
  platforms: "texts",
  output: "entries",
  pull: "flag",
  "no-cache": "flag",
  network: "text",
  "no-cache-filter": "texts",
  "shm-size": "text",
  ulimits: "texts",
  call: "text",
  entitlements: "texts",
  "extra-hosts": "map",
};

/** Lists to which a later description adds; the others are replaced. */
const added: ReadonlySet<string> = new Set([
  "annotations",
  "attest",
  "cache-from",
  "cache-to",
  "secret",
  "ssh",
  "entitlements",
]);

export function mergeTargets(base: Target, over: Target): Target {
  const merged: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const before = merged[name];
    const kind = fields[name as keyof Target];
    if (before === undefined || value === undefined) merged[name] = value ?? before;
    else if (kind === "map") merged[name] = { ...(before as object), ...(value as object) };
    else if (added.has(name)) {
      const all = [...(before as readonly Entry[]), ...(value as readonly Entry[])];
      merged[name] = all.filter((entry, i) => all.findIndex((other) => same(other, entry)) === i);
    } else merged[name] = value;
  }
  return merged as Target;
}
const same = (a: Entry, b: Entry): boolean => JSON.stringify(a) === JSON.stringify(b);

export function mergeDefinitions(all: readonly Definitions[]): Definitions {
  const groups = new Map<string, Group>();
  const targets = new Map<string, Target>();
  const variables = new Map<string, Variable>();
  for (const definitions of all) {
    for (const [name, group] of definitions.groups) {
      const known = groups.get(name);
      const names = [...new Set([...(known?.targets ?? []), ...group.targets])];
      groups.set(name, { ...known, ...group, targets: names });
    }
    for (const [name, target] of definitions.targets) targets.set(name, mergeTargets(targets.get(name) ?? {}, target));
    for (const variable of definitions.variables) variables.set(variable.name, variable);
  }
  return { groups, targets, variables: [...variables.values()] };
}
