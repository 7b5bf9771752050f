/** `--change` of commit and import: single Dockerfile instructions applied to an image's configuration (moby, dockerfile.BuildFromConfig). */
import { parseDuration } from "../../go/duration.ts";
import { ValueError } from "../../go/value-error.ts";
import type { HealthConfig, ImageConfig } from "../domains.ts";
import { EngineError } from "../errors.ts";

const invalid = (message: string): EngineError => new EngineError("invalidParameter", message);
const defaultShell = ["/bin/sh", "-c"];

type Mutable = { -readonly [K in keyof ImageConfig]: ImageConfig[K] };
/** `isCommandSet`: a CMD among the changes outlives a later ENTRYPOINT. */
interface State {
  readonly config: Mutable;
  isCommandSet: boolean;
}

const instructions: Readonly<Record<string, (state: State, rest: string, env: Environment) => void>> = {
  CMD: (state, rest) => {
    state.config.Cmd = commandOf(state.config, rest);
    state.isCommandSet = true;
  },
  ENTRYPOINT: (state, rest) => {
    state.config.Entrypoint = commandOf(state.config, rest);
    if (!state.isCommandSet) delete state.config.Cmd;
  },
  ENV: ({ config }, rest, env) => {
    const next = new Map([...env, ...pairs("ENV", rest, env)]);
    config.Env = [...next].map(([key, value]) => `${key}=${value}`);
  },
  LABEL: ({ config }, rest, env) => {
    config.Labels = { ...config.Labels, ...Object.fromEntries(pairs("LABEL", rest, env)) };
  },
  EXPOSE: ({ config }, rest, env) => {
    const ports = words(rest, env).flatMap(portsOf);
    config.ExposedPorts = { ...config.ExposedPorts, ...Object.fromEntries(ports.map((port) => [port, {}])) };
  },
  VOLUME: ({ config }, rest, env) => {
    const paths = jsonList(rest) ?? words(rest, env);
    if (paths.some((path) => path === "")) throw invalid("VOLUME specified can not be an empty string");
    config.Volumes = { ...config.Volumes, ...Object.fromEntries(paths.map((path) => [path, {}])) };
  },
  USER: ({ config }, rest, env) => {
    config.User = one("USER", rest, env);
  },
  WORKDIR: ({ config }, rest, env) => {
    config.WorkingDir = joinPath(config.WorkingDir ?? "/", one("WORKDIR", rest, env));
  },
  STOPSIGNAL: ({ config }, rest, env) => {
    config.StopSignal = one("STOPSIGNAL", rest, env);
  },
  ONBUILD: ({ config }, rest) => {
    const inner = /^\w+/.exec(rest)?.[0]?.toUpperCase();
    if (inner === "ONBUILD") throw invalid("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
    if (inner === "FROM" || inner === "MAINTAINER") throw invalid(`${inner} isn't allowed as an ONBUILD trigger`);
    config.OnBuild = [...(config.OnBuild ?? []), rest];
  },
  HEALTHCHECK: ({ config }, rest) => {
    config.Healthcheck = healthcheck(rest);
  },
};

export function applyChanges(config: ImageConfig, changes: readonly string[]): ImageConfig {
  const state: State = { config: { ...config }, isCommandSet: false };
  for (const change of changes.flatMap((text) => text.split("\n"))) {
    const match = /^\s*(\S+)(?:\s+([\s\S]*))?$/.exec(change);
    if (match === null) continue;
    const name = (match[1] ?? "").toUpperCase();
    const apply = Object.hasOwn(instructions, name) ? instructions[name] : undefined;
    if (apply === undefined) throw invalid(`${name} is not a valid change command`);
    const rest = (match[2] ?? "").trim();
    const env = environmentOf(state.config);
    if (rest === "" && name !== "CMD" && name !== "ENTRYPOINT") throw invalid(`${name} requires at least one argument`);
    apply(state, rest, env);
  }
  return state.config;
}

function commandOf(config: ImageConfig, rest: string): readonly string[] {
  if (rest === "") return [];
  return jsonList(rest) ?? [...(config.Shell ?? defaultShell), rest];
}

function jsonList(text: string): readonly string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((entry) => typeof entry === "string") ? value : undefined;
  } catch {
    return undefined;
  }
}

type Environment = ReadonlyMap<string, string>;
const environmentOf = ({ Env }: ImageConfig): Environment =>
  new Map((Env ?? []).map((entry) => [entry.split("=", 1)[0] ?? "", entry.replace(/^[^=]*=?/, "")]));

/** Blank-separated words; quotes group and are dropped, a backslash takes the next character as it is, variables are replaced. */
function words(text: string, env: Environment): string[] {
  const out: string[] = [];
  for (const [word] of text.matchAll(/(?:\\[\s\S]|"(?:\\[\s\S]|[^"\\])*"|'[^']*'|[^\s"'\\])+/g))
    out.push(unquote(word, env));
  return out;
}

function unquote(word: string, env: Environment): string {
  return word.replace(
    /\\([\s\S])|"((?:\\[\s\S]|[^"\\])*)"|'([^']*)'|\$(?:(\w+)|\{(\w+)\})/g,
    (_, escaped, double, single, name, braced) =>
      escaped ?? (double === undefined ? undefined : expanded(double, env)) ?? single ?? env.get(name ?? braced) ?? "",
  );
}

/** Between double quotes. */
const expanded = (text: string, env: Environment): string =>
  text.replace(
    /\\(["\\$])|\$(?:(\w+)|\{(\w+)\})/g,
    (_, escaped, name, braced) => escaped ?? env.get(name ?? braced) ?? "",
  );

/** "a=b c=d", or the older "key all the rest". */
function pairs(name: string, rest: string, env: Environment): readonly (readonly [string, string])[] {
  const parts = words(rest, env);
  const first = parts[0] ?? "";
  if (!first.includes("=")) {
    const value = rest.slice(first.length).trim();
    if (value === "") throw invalid(`${name} must have two arguments`);
    return [[first, value]];
  }
  return parts.map((part) => {
    const equals = part.indexOf("=");
    if (equals <= 0)
      throw invalid(`Syntax error - can't find = in ${JSON.stringify(part)}. Must be of the form: name=value`);
    return [part.slice(0, equals), part.slice(equals + 1)];
  });
}

function portsOf(text: string): readonly string[] {
  const match = /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/i.exec(text);
  const from = Number(match?.[1]);
  const to = Number(match?.[2] ?? match?.[1]);
  if (match === null || to > 65535 || from > to) throw invalid(`invalid containerPort: ${text}`);
  const protocol = (match[3] ?? "tcp").toLowerCase();
  return Array.from({ length: to - from + 1 }, (_, i) => `${from + i}/${protocol}`);
}

function one(name: string, rest: string, env: Environment): string {
  const value = unquote(rest, env);
  if (words(rest, env).length !== 1) throw invalid(`${name} requires exactly one argument`);
  return value;
}

function joinPath(base: string, path: string): string {
  const names: string[] = [];
  for (const name of (path.startsWith("/") ? path : `${base}/${path}`).split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return `/${names.join("/")}`;
}

function healthcheck(rest: string): HealthConfig {
  const options: Record<string, string> = {};
  const body = rest.replace(/^(?:--([a-z-]+)=(\S+)\s+)+/, (flags) => {
    for (const [, key, value] of flags.matchAll(/--([a-z-]+)=(\S+)/g)) options[key ?? ""] = value ?? "";
    return "";
  });
  const match = /^(\w+)\s*([\s\S]*)$/.exec(body);
  const type = match?.[1]?.toUpperCase();
  if (type === "NONE") return { Test: ["NONE"] };
  if (type !== "CMD" || !match?.[2])
    throw invalid(`Unknown type ${JSON.stringify(type ?? "")} in HEALTHCHECK (try CMD)`);
  const list = jsonList(match[2]);
  const test = list === undefined ? ["CMD-SHELL", match[2]] : ["CMD", ...list];
  const duration = (key: string): number | undefined => {
    const text = options[key];
    if (text === undefined) return undefined;
    try {
      return parseDuration(text);
    } catch (error) {
      throw error instanceof ValueError ? invalid(error.message) : error;
    }
  };
  const fields = {
    Interval: duration("interval"),
    Timeout: duration("timeout"),
    StartPeriod: duration("start-period"),
    StartInterval: duration("start-interval"),
    Retries: options.retries === undefined ? undefined : Number(options.retries),
  };
  return { Test: test, ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) };
}
