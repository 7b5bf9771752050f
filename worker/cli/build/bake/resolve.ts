/** From definitions and a command line to the targets that are to be built: groups, inheritance, overrides. */
import { CliError } from "../../session/errors.ts";
import { type Definitions, type Entry, fields, mergeTargets, type Target } from "./target.ts";

export interface Resolved {
  /** What "default" stands for now, and the groups that were named. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  readonly targets: ReadonlyMap<string, Target>;
}

export interface Override {
  readonly pattern: string;
  readonly path: readonly string[];
  readonly value: string;
  readonly add: boolean;
}

/** "pattern.key[.name]=value", "+=" adds to a list. */
export function parseOverride(text: string, env: Readonly<Record<string, string>>): Override {
  const match = /^([^=+]+?)(\+?=)(.*)$/s.exec(text);
  const [left = text, operator = "", given] = match === null ? [text] : match.slice(1);
  const [pattern = "", ...path] = left.split(".");
  const [key = "", ...rest] = path;
  const isMap = ["args", "labels", "contexts", "annotations"].includes(key);
  if (path.length === 0 || (given === undefined && key !== "args"))
    throw new CliError(`invalid override ${text}, expected target.name=value`);
  // "args.NAME" alone takes the environment's.
  const value = given ?? env[rest.join(".")] ?? "";
  return { pattern, path: isMap ? [key, rest.join(".")] : [path.join(".")], value, add: operator === "+=" };
}

export function resolveTargets(
  definitions: Definitions,
  wanted: readonly string[],
  overrides: readonly Override[],
): Resolved {
  const names = wanted.length === 0 ? ["default"] : wanted.flatMap((name) => expand(definitions, name));
  const groups = new Map<string, readonly string[]>();
  const order: string[] = [];
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) return;
    const group = definitions.groups.get(name);
    if (group === undefined || (definitions.targets.has(name) && group.targets.length === 0)) {
      if (!definitions.targets.has(name)) throw new CliError(`failed to find target ${name}`);
      if (!order.includes(name)) order.push(name);
      return;
    }
    if (wanted.length > 0) groups.set(name, [...group.targets].sort());
    for (const member of group.targets) visit(member, [...path, name]);
  };
  for (const name of names) visit(name, []);
  const isDefault = names.length === 1 && names[0] === "default" && definitions.groups.has("default");
  groups.set("default", isDefault ? [...(definitions.groups.get("default")?.targets ?? [])].sort() : names);
  const targets = new Map<string, Target>();
  const add = (name: string): void => {
    if (targets.has(name)) return;
    const target = overridden(name, completed(inherited(definitions, name, [])), overrides);
    targets.set(name, target);
    // A context that is another target has to be built first.
    for (const context of Object.values(target.contexts ?? {}))
      if (context.startsWith("target:")) add(context.slice("target:".length));
  };
  for (const name of order) add(name);
  return { groups, targets };
}

function expand({ targets, groups }: Definitions, name: string): readonly string[] {
  if (!/[*?[]/.test(name)) return [name];
  const found = [...targets.keys(), ...groups.keys()].filter((known) => fits(name, known));
  if (found.length === 0) throw new CliError(`failed to find target ${name}`);
  return [...new Set(found)].sort();
}

const fits = (pattern: string, name: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".")}$`,
  ).test(name);

function inherited(definitions: Definitions, name: string, path: readonly string[]): Target {
  const target = definitions.targets.get(name);
  if (target === undefined) throw new CliError(`failed to find target ${name}`);
  if (path.includes(name)) return {};
  const { inherits = [], ...own } = target;
  let result: Target = {};
  for (const parent of inherits) {
    const { description: _theirs, ...rest } = inherited(definitions, parent, [...path, name]);
    result = mergeTargets(result, rest);
  }
  return mergeTargets(result, own);
}

const completed = (target: Target): Target => ({
  ...target,
  context: target.context ?? ".",
  dockerfile: target.dockerfile ?? "Dockerfile",
});

/** Names on the command line that differ from the files'. */
const aliases: Readonly<Record<string, keyof Target>> = { platform: "platforms", secrets: "secret", output: "output" };

function overridden(name: string, target: Target, overrides: readonly Override[]): Target {
  const result: Record<string, unknown> = { ...target };
  const touched = new Set<string>();
  for (const { pattern, path, value, add } of overrides) {
    if (!fits(pattern, name)) continue;
    const [given = "", entry = ""] = path;
    if (given === "push" || given === "load") {
      const isOn = value === "true" || value === "1";
      if (isOn) result.output = withOutput(result.output as readonly Entry[] | undefined, given);
      continue;
    }
    const field = aliases[given] ?? (given as keyof Target);
    const kind = fields[field];
    if (kind === undefined || field === "inherits") throw new CliError(`unknown key: ${given}`);
    if (kind === "map") {
      if (entry === "") throw new CliError(`invalid key ${given}, ${given} requires name`);
      result[field] = { ...(result[field] as object | undefined), [entry]: value };
    } else if (kind === "text") result[field] = value;
    else if (kind === "flag") {
      if (!/^(1|0|t|f|true|false)$/i.test(value)) throw new CliError(`invalid value ${value} for boolean key ${given}`);
      result[field] = /^(1|t|true)$/i.test(value);
    } else {
      // The first takes the place of the file's list, the next ones add to it.
      const before = add || touched.has(field) ? ((result[field] as readonly Entry[] | undefined) ?? []) : [];
      result[field] = [...before, value];
      touched.add(field);
    }
  }
  return result as Target;
}

/** `--push` and `--load` go into outputs that are images, or make one. */
function withOutput(outputs: readonly Entry[] | undefined, what: "push" | "load"): readonly Entry[] {
  if (what === "load") return [...(outputs ?? []).filter((output) => typeOf(output) !== "docker"), "type=docker"];
  const images = (outputs ?? []).some((output) => typeOf(output) === "image" || typeOf(output) === "registry");
  if (!images) return [...(outputs ?? []), "type=image,push=true"];
  return (outputs ?? []).map((output) =>
    typeOf(output) === "image" ? { ...entryFields(output), push: "true" } : output,
  );
}
const typeOf = (entry: Entry): string => entryFields(entry).type ?? "";

/** "type=image,push=true" as fields. */
export function entryFields(entry: Entry, single = "type"): Readonly<Record<string, string>> {
  if (typeof entry !== "string") return entry;
  if (!entry.includes("=")) return { [single]: entry };
  return Object.fromEntries(
    entry.split(",").map((field) => {
      const equals = field.indexOf("=");
      return equals < 0 ? [field, "true"] : [field.slice(0, equals), field.slice(equals + 1)];
    }),
  );
}

export const entryText = (entry: Entry): string =>
  typeof entry === "string"
    ? entry
    : Object.entries(entry)
        .map(([name, value]) => `${name}=${value}`)
        .join(",");
