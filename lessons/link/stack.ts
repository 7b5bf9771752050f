/**
 * `?stack=URL`: a Compose file as docker lines, one `docker run` for each service, in the order of `depends_on`. What a line cannot say
 * is left out and told: a reader who agrees knows what will be missing. The file itself goes into the workspace.
 */
import { parseDocument } from "yaml";
import type { Recipe } from "./recipe.ts";
import { recipeSchema } from "./recipe.ts";
import { dependenciesOf, named, networkLine, type Stack, volumeLine } from "./stack-names.ts";
import { serviceWords } from "./stack-service.ts";
import { type Fields, interpolate, isFields, listOf, record, textOf } from "./stack-values.ts";
import { joinWords } from "./words.ts";

export type ReadStack =
  | { readonly ok: true; readonly recipe: Recipe; readonly skipped: readonly string[] }
  | { readonly ok: false; readonly message: string };

const largest = 256 * 1024;
const mostServices = 30;
const topKeys = new Set(["services", "version", "name", "networks", "volumes"]);

export function readStack(text: string): ReadStack {
  if (text.length > largest) return { ok: false, message: "The Compose file is too large." };
  let data: unknown;
  const skipped: string[] = [];
  try {
    const document = parseDocument(text, { prettyErrors: false, merge: true });
    const [error] = document.errors;
    if (error !== undefined) return { ok: false, message: `The Compose file is not YAML: ${error.message}` };
    data = document.toJS({ maxAliasCount: 100 });
    data = interpolate(data, (name) => skipped.push(`The variable ${name} is not set: it counts as empty.`));
  } catch (error) {
    return { ok: false, message: `The Compose file cannot be read: ${error instanceof Error ? error.message : error}` };
  }
  if (!isFields(data) || !isFields(data.services) || Object.keys(data.services).length === 0)
    return { ok: false, message: "This is no Compose file: it has no services." };
  const services = Object.entries(data.services);
  if (services.length > mostServices)
    return { ok: false, message: `The Compose file has ${services.length} services; ${mostServices} are the most.` };
  for (const key of Object.keys(data))
    if (!topKeys.has(key) && !key.startsWith("x-")) skipped.push(`${key}: is left out.`);

  const project = textOf(data.name)?.match(/^[a-z0-9][a-z0-9_-]{0,40}$/)?.[0] ?? "stack";
  const stack: Stack = { project, file: data };
  const networks = new Set<string>();
  const runs: string[] = [];
  for (const name of inOrder(services)) {
    const service = (data.services as Fields)[name];
    if (!isFields(service)) {
      skipped.push(`${name}: is no service.`);
      continue;
    }
    const problem = whyNot(service);
    if (problem !== undefined) {
      skipped.push(`${name}: ${problem}`);
      continue;
    }
    const made = serviceWords(stack, name, service);
    for (const each of made.skipped) skipped.push(`${name}: ${each}`);
    const lines = [...made.before, made.run, ...made.connect].map(joinWords);
    const fault = lines.map((line) => recipeSchema.safeParse({ v: 1, steps: [line] })).find(({ success }) => !success);
    if (fault !== undefined) {
      skipped.push(`${name}: has a value that no line can hold (a line break, or too long).`);
      continue;
    }
    for (const network of made.networks) networks.add(network);
    runs.push(...lines);
  }
  if (runs.length === 0)
    return { ok: false, message: `No service of this file can be started here. ${skipped.slice(0, 5).join(" ")}` };
  const result = recipeSchema.safeParse({
    v: 1,
    title: project,
    files: [{ path: "compose.yaml", text }],
    steps: [...linesBefore(stack, networks).map(joinWords), ...runs],
  });
  return result.success
    ? { ok: true, recipe: result.data, skipped }
    : { ok: false, message: "The Compose file holds more than a playground may." };
}

/** Networks that services are on, and volumes that are more than a name. */
function linesBefore(stack: Stack, networks: ReadonlySet<string>): readonly (readonly string[])[] {
  const volumes = Object.keys(record(stack.file.volumes) ?? {}).filter((key) => !named(stack, "volumes", key).external);
  return [
    ...[...networks].map((key) => networkLine(stack, key)),
    ...volumes.flatMap((key) => {
      const line = volumeLine(stack, key);
      return line === undefined ? [] : [line];
    }),
  ];
}

function whyNot(service: Fields): string | undefined {
  if (service.extends !== undefined) return "extends another file, which is not here.";
  if (textOf(service.image) === undefined)
    return service.build === undefined ? "names no image." : "is built from files that are not here.";
  if (listOf(service.profiles).length > 0) return "belongs to a profile, and starts only when that is asked for.";
  return undefined;
}

/** Who is depended upon comes first; a circle is broken where it is met. */
function inOrder(services: readonly (readonly [string, unknown])[]): readonly string[] {
  const byName = new Map(services);
  const order: string[] = [];
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name) || !byName.has(name)) return;
    seen.add(name);
    for (const [other] of dependenciesOf(record(byName.get(name)))) visit(other);
    order.push(name);
  };
  for (const [name] of services) visit(name);
  return order;
}
