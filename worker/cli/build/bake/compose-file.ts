/** Compose files as bake files: every service that is built is a target, all of them are the default group. */
import { parse, YAMLParseError } from "yaml";
import { CliError } from "../../session/errors.ts";
import type { SourceFile } from "./hcl-file.ts";
import { type Definitions, type Entry, mergeTargets, type Target } from "./target.ts";

type Data = Readonly<Record<string, unknown>>;
const isData = (value: unknown): value is Data => typeof value === "object" && value !== null && !Array.isArray(value);
const textOrNone = (value: unknown): string | undefined =>
  value === undefined || value === null ? undefined : String(value);

export function readComposeFile({ name, text }: SourceFile, env: Readonly<Record<string, string>>): Definitions {
  let document: unknown;
  try {
    document = parse(text, { merge: true });
  } catch (error) {
    if (error instanceof YAMLParseError) throw new CliError(`failed to parse ${name}: ${error.message}`);
    throw error;
  }
  const services = isData(document) && isData(document.services) ? document.services : {};
  const secrets = isData(document) && isData(document.secrets) ? document.secrets : {};
  const targets = new Map<string, Target>();
  for (const [service, raw] of Object.entries(services)) {
    const value = interpolated(raw, env);
    if (!isData(value) || value.build === undefined || value.build === null) continue;
    const build: Data = isData(value.build) ? value.build : { context: value.build };
    const target = targetOf(build, value, secrets);
    const extra = isData(build["x-bake"]) ? bakeFields(build["x-bake"]) : {};
    targets.set(service.replaceAll(".", "_"), { ...mergeTargets(target, extra) });
  }
  const names = [...targets.keys()];
  return {
    groups: new Map(names.length === 0 ? [] : [["default", { targets: names }]]),
    targets,
    variables: [],
  };
}

function targetOf(build: Data, service: Data, secrets: Data): Target {
  const optional = (field: keyof Target, value: unknown): Target => (value === undefined ? {} : { [field]: value });
  const tags = texts(build.tags) ?? (service.image === undefined ? undefined : [String(service.image)]);
  return {
    ...optional("context", textOrNone(build.context)),
    ...optional("contexts", additional(build.additional_contexts)),
    ...optional("dockerfile", textOrNone(build.dockerfile)),
    ...optional("dockerfile-inline", textOrNone(build.dockerfile_inline)),
    ...optional("args", pairs(build.args)),
    ...optional("labels", pairs(build.labels)),
    ...optional("tags", tags),
    ...optional("cache-from", texts(build.cache_from)),
    ...optional("cache-to", texts(build.cache_to)),
    ...optional("target", textOrNone(build.target)),
    ...optional("secret", secretsOf(build.secrets, secrets)),
    ...optional("ssh", texts(build.ssh)),
    ...optional("platforms", texts(build.platforms)),
    ...optional("network", textOrNone(build.network)),
    ...optional("shm-size", textOrNone(build.shm_size)),
    ...optional("extra-hosts", hosts(build.extra_hosts)),
    ...(build.pull === true ? { pull: true } : {}),
    ...(build.no_cache === true ? { "no-cache": true } : {}),
  };
}

/** "service:NAME" is another target. */
function additional(value: unknown): Readonly<Record<string, string>> | undefined {
  const contexts = pairs(value);
  return (
    contexts &&
    Object.fromEntries(Object.entries(contexts).map(([name, text]) => [name, text.replace(/^service:/, "target:")]))
  );
}

/** A map, or a list of "NAME=value". */
function pairs(value: unknown): Readonly<Record<string, string>> | undefined {
  if (isData(value))
    return Object.fromEntries(Object.entries(value).flatMap(([k, v]) => (v === null ? [] : [[k, String(v)]])));
  const list = texts(value);
  return (
    list &&
    Object.fromEntries(
      list.map((text) => {
        const equals = text.indexOf("=");
        return equals < 0 ? [text, ""] : [text.slice(0, equals), text.slice(equals + 1)];
      }),
    )
  );
}

function hosts(value: unknown): Readonly<Record<string, string>> | undefined {
  if (isData(value)) return pairs(value);
  const list = texts(value);
  return list && Object.fromEntries(list.map((text) => text.split(/[=:](.*)/s).slice(0, 2) as [string, string]));
}

const texts = (value: unknown): readonly string[] | undefined =>
  value === undefined || value === null ? undefined : (Array.isArray(value) ? value : [value]).map(String);

function secretsOf(value: unknown, defined: Data): readonly Entry[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.map((item): Entry => {
    const id = isData(item) ? String(item.source) : String(item);
    const source = defined[id];
    if (!isData(source)) throw new CliError(`undefined secret ${id}`);
    return source.environment === undefined
      ? { id, src: String(source.file) }
      : { id, env: String(source.environment) };
  });
}

/** x-bake carries a target's own fields, which may be one text where a list is meant. */
function bakeFields(value: Data): Target {
  const lists = ["tags", "cache-from", "cache-to", "secret", "ssh", "platforms", "output", "no-cache-filter"];
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      lists.includes(name) ? texts(field) : name === "contexts" ? pairs(field) : field,
    ]),
  ) as Target;
}

/** Compose's variables: $NAME, ${NAME}, with :- - :? ? :+ +; "$$" is a dollar. */
function interpolated(value: unknown, env: Readonly<Record<string, string>>): unknown {
  if (typeof value === "string") return interpolateText(value, env);
  if (Array.isArray(value)) return value.map((item) => interpolated(item, env));
  if (!isData(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, interpolated(item, env)]));
}

function interpolateText(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$(?:(\$)|(\w+)|\{(\w+)(?:(:?[-?+])([^}]*))?\})/g,
    (_, dollar: string | undefined, plain: string | undefined, name = plain ?? "", operator = "", operand = "") => {
      if (dollar !== undefined) return "$";
      const value = env[name];
      const isSet = value !== undefined && (!operator.startsWith(":") || value !== "");
      if (operator.endsWith("+")) return isSet ? operand : "";
      if (isSet) return value;
      if (operator.endsWith("?"))
        throw new CliError(`required variable ${name} is missing a value${operand === "" ? "" : `: ${operand}`}`);
      return operator.endsWith("-") ? operand : "";
    },
  );
}
