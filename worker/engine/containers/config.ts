/** The container's own configuration: read from a request, checked, and merged over its image's. */
import type { HealthConfig, ImageConfig } from "../domains.ts";
import { EngineError } from "../errors.ts";
import type { Fields } from "./decode.ts";
import type { ContainerConfig } from "./model.ts";
import { cleanPath } from "./mount-specs.ts";
import { parseSignal } from "./signals.ts";

/** Leaves out what is `undefined`: Go's omitempty. */
export function omitEmpty<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

const nonZero = (value: number | undefined): number | undefined => (value === 0 ? undefined : value);
const nonEmpty = (value: string): string | undefined => (value === "" ? undefined : value);

export function readConfig(body: Fields): ContainerConfig {
  const stopTimeout = body.optionalInteger("StopTimeout");
  return omitEmpty({
    Hostname: body.string("Hostname"),
    Domainname: body.string("Domainname"),
    User: body.string("User"),
    AttachStdin: body.boolean("AttachStdin"),
    AttachStdout: body.boolean("AttachStdout"),
    AttachStderr: body.boolean("AttachStderr"),
    ExposedPorts: body.set("ExposedPorts"),
    Tty: body.boolean("Tty"),
    OpenStdin: body.boolean("OpenStdin"),
    StdinOnce: body.boolean("StdinOnce"),
    Env: body.strings("Env"),
    Cmd: body.command("Cmd"),
    Healthcheck: readHealthcheck(body),
    ArgsEscaped: body.boolean("ArgsEscaped") || undefined,
    Image: body.string("Image"),
    Volumes: body.set("Volumes") ?? null,
    WorkingDir: body.string("WorkingDir"),
    Entrypoint: body.command("Entrypoint"),
    NetworkDisabled: body.boolean("NetworkDisabled") || undefined,
    MacAddress: nonEmpty(body.string("MacAddress")),
    OnBuild: body.strings("OnBuild"),
    Labels: body.stringMap("Labels") ?? {},
    StopSignal: nonEmpty(body.string("StopSignal")),
    StopTimeout: stopTimeout,
    Shell: body.strings("Shell") ?? undefined,
  }) as ContainerConfig;
}

function readHealthcheck(body: Fields): HealthConfig | undefined {
  if (!body.has("Healthcheck")) return undefined;
  const health = body.fields("Healthcheck", "v1.HealthcheckConfig");
  return omitEmpty({
    Test: health.strings("Test") ?? undefined,
    Interval: nonZero(health.optionalInteger("Interval")),
    Timeout: nonZero(health.optionalInteger("Timeout")),
    StartPeriod: nonZero(health.optionalInteger("StartPeriod")),
    StartInterval: nonZero(health.optionalInteger("StartInterval")),
    Retries: nonZero(health.optionalInteger("Retries")),
  }) as HealthConfig;
}

/** As dockerd's validateContainerConfig, in its order and words. */
export function checkConfig(config: ContainerConfig): void {
  if (config.WorkingDir !== "" && !config.WorkingDir.startsWith("/"))
    throw invalid(`the working directory '${config.WorkingDir}' is invalid, it needs to be an absolute path`);
  if (config.StopSignal !== undefined && parseSignal(config.StopSignal) === undefined)
    throw invalid(`invalid signal: ${config.StopSignal}`);
  for (const variable of config.Env ?? [])
    if (variable === "" || variable.startsWith("=")) throw invalid(`invalid environment variable: ${variable}`);
  if (config.Healthcheck !== undefined) checkHealthcheck(config.Healthcheck);
}

function checkHealthcheck(health: HealthConfig): void {
  for (const name of ["Interval", "Timeout", "StartPeriod", "StartInterval"] as const) {
    const value = health[name];
    if (value !== undefined && value !== 0 && value < 1_000_000)
      throw invalid(`${name} in Healthcheck cannot be less than 1ms`);
  }
  if (health.Retries !== undefined && health.Retries < 0) throw invalid("Retries in Healthcheck cannot be negative");
}

const invalid = (message: string): EngineError => new EngineError("invalidParameter", message);

/** dockerd's merge: the user's words win; lists of variables, labels, ports and volumes are joined. */
export function mergeImageConfig(user: ContainerConfig, image: ImageConfig): ContainerConfig {
  const ownEntrypoint = user.Entrypoint !== null && user.Entrypoint.length > 0;
  // An entrypoint of [""] resets the image's (docker run --entrypoint "").
  const reset = user.Entrypoint?.length === 1 && user.Entrypoint[0] === "";
  const entrypoint = ownEntrypoint ? user.Entrypoint : (image.Entrypoint ?? null);
  const command =
    user.Cmd !== null && user.Cmd.length > 0 ? user.Cmd : ownEntrypoint ? user.Cmd : (image.Cmd ?? user.Cmd);
  const names = new Set((user.Env ?? []).map((v) => v.split("=", 1)[0]));
  const inherited = (image.Env ?? []).filter((v) => !names.has(v.split("=", 1)[0]));
  const env = [...(user.Env ?? []), ...inherited];
  const ports = { ...image.ExposedPorts, ...user.ExposedPorts };
  const volumes = { ...image.Volumes, ...user.Volumes };
  return omitEmpty({
    ...user,
    User: user.User || (image.User ?? ""),
    ExposedPorts: Object.keys(ports).length > 0 ? ports : user.ExposedPorts,
    Env: env.length > 0 ? env : user.Env,
    Cmd: command,
    Healthcheck: mergeHealthcheck(user.Healthcheck, image.Healthcheck),
    ArgsEscaped: user.ArgsEscaped,
    Volumes: Object.keys(volumes).length > 0 ? volumes : null,
    WorkingDir: cleanDirectory(user.WorkingDir || (image.WorkingDir ?? "")),
    Entrypoint: reset ? null : entrypoint,
    Labels: { ...image.Labels, ...user.Labels },
    StopSignal: user.StopSignal ?? image.StopSignal,
    Shell: user.Shell ?? image.Shell,
  }) as ContainerConfig;
}

const cleanDirectory = (path: string): string => (path.startsWith("/") ? cleanPath(path) : path);

function mergeHealthcheck(user: HealthConfig | undefined, image: HealthConfig | undefined): HealthConfig | undefined {
  if (user === undefined || image === undefined) return user ?? image;
  return { ...image, ...user, ...(user.Test?.length ? {} : image.Test === undefined ? {} : { Test: image.Test }) };
}

/** Path and Args of `inspect`: entrypoint and command as one argument list. */
export function commandOf(config: ContainerConfig): { readonly path: string; readonly args: readonly string[] } {
  const [path, ...args] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  // An empty entrypoint takes the image's away; an empty command is a program that cannot be found.
  const isNone = path === undefined || (path === "" && (config.Entrypoint ?? []).length > 0);
  if (isNone) throw invalid("no command specified");
  return { path, args };
}
