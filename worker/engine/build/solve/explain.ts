/** Why a step was not in the cache: what differs from the cached step that is most like it. */
import type { MissReason } from "../model.ts";
import type { CacheRecord, StepInputs } from "./cache.ts";

type Explained = CacheRecord & { readonly inputs: StepInputs };

/**
 * The same instruction on the same layers comes before the same on others, and that before another of its kind on the same layers, as which
 * an instruction is found whose words, or whose variables' values, have changed: the one with the fewest differences. Of equals the one that
 * was used last.
 */
export function nearestStep(records: readonly CacheRecord[], inputs: StepInputs, title: string): Explained | undefined {
  const latest = records
    .flatMap((record) => (record.inputs === undefined ? [] : [{ ...record, inputs: record.inputs }]))
    .toSorted((a, b) => (a.lastUsed < b.lastUsed ? 1 : -1));
  const parents = inputs.parents.join();
  const here = latest.filter((record) => record.inputs.parents.join() === parents);
  const same = (record: Explained): boolean => record.title === title;
  const kind = parse(inputs.definition)?.kind;
  const alike = here.filter(({ inputs: other }) => kind !== undefined && parse(other.definition)?.kind === kind);
  return here.find(same) ?? latest.find(same) ?? fewest(alike, (record) => differences(record.inputs, inputs).length);
}

function fewest<T>(values: readonly T[], count: (value: T) => number): T | undefined {
  const counted = values.map((value) => ({ value, count: count(value) }));
  const least = Math.min(...counted.map((each) => each.count));
  return counted.find((each) => each.count === least)?.value;
}

export function differences(before: StepInputs, now: StepInputs): readonly MissReason[] {
  const reasons: MissReason[] = [];
  const changedFrom = now.parents.findIndex((parent, i) => before.parents[i] !== parent);
  if (changedFrom >= 0 || before.parents.length !== now.parents.length)
    reasons.push({
      kind: "parent",
      subject: "the steps before it",
      text:
        changedFrom === 0
          ? "the base image is another"
          : `a step before it gave another result (layer ${(changedFrom < 0 ? now.parents.length : changedFrom) + 1})`,
    });
  if (before.definition !== now.definition) reasons.push(...definitionDifferences(before.definition, now.definition));
  const [old, current] = [before.files ?? {}, now.files ?? {}];
  for (const path of new Set([...Object.keys(old), ...Object.keys(current)])) {
    if (old[path] === current[path]) continue;
    const verb =
      old[path] === undefined ? "new" : current[path] === undefined ? "gone" : changeOf(old[path], current[path]);
    reasons.push({ kind: "file", subject: path, text: `${path}: ${verb}` });
  }
  return reasons;
}

/** A file's entry is "type mode owner content": what of it differs. */
function changeOf(before: string, now = ""): string {
  const [a, b] = [before.split(" "), now.split(" ")];
  if (a[0] !== b[0]) return `was a ${a[0]}, is a ${b[0]}`;
  if (a.slice(3).join(" ") !== b.slice(3).join(" ")) return "changed";
  return a[1] !== b[1] ? `mode was ${a[1]}, is ${b[1]}` : "its owner changed";
}

function definitionDifferences(before: string, now: string): readonly MissReason[] {
  const [a, b] = [parse(before), parse(now)];
  if (a === undefined || b === undefined)
    return [{ kind: "instruction", subject: "instruction", text: "the instruction differs" }];
  const reasons: MissReason[] = [];
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    if (JSON.stringify(a[key]) === JSON.stringify(b[key])) continue;
    if (key === "env") reasons.push(...variableDifferences(a[key], b[key]));
    else
      reasons.push({
        kind: "instruction",
        subject: key,
        text: `${words[key] ?? key} was ${JSON.stringify(a[key])}, is ${JSON.stringify(b[key])}`,
      });
  }
  return reasons;
}

const words: Readonly<Record<string, string>> = {
  args: "the command",
  cwd: "the working directory",
  user: "the user",
  network: "the network",
  mounts: "the mounts",
  path: "the directory",
  to: "the destination",
  chown: "the owner",
  chmod: "the mode",
};

function variableDifferences(before: unknown, now: unknown): readonly MissReason[] {
  const [a, b] = [variables(before), variables(now)];
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((name) => {
    const [was, is] = [a.get(name), b.get(name)];
    if (was === is) return [];
    const text =
      was === undefined
        ? `${name} is new`
        : is === undefined
          ? `${name} is gone`
          : `${name} was ${JSON.stringify(was)}, is ${JSON.stringify(is)}`;
    return [{ kind: "argument", subject: name, text: `variable ${text}` }];
  });
}

const variables = (list: unknown): ReadonlyMap<string, string> =>
  new Map(
    (Array.isArray(list) ? list : []).map((entry: string) => {
      const equals = entry.indexOf("=");
      return [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );

/** A step's JSON; SOURCE_DATE_EPOCH stands behind it. */
function parse(definition: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(definition.replace(/\} \d+$/, "}")) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
