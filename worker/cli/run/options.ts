/** The flags of `docker run` and `docker create` to the body of POST /containers/create. */
import { resolvePath } from "../config/config-file.ts";
import type { Flags } from "../flags/flags.ts";
import { cut } from "../flags/values.ts";
import type { Context } from "../session/context.ts";
import { CliError, messageOf } from "../session/errors.ts";
import { readKeyValues, toMap } from "./key-values.ts";
import { parseMount } from "./mount.ts";
import { isMac, networkOptions } from "./network.ts";
import { parsePorts } from "./ports.ts";
import { proxyEnvironment } from "./proxies.ts";
import { orNull, resourcesOf } from "./resources.ts";
import { parseVolumes } from "./volume.ts";

export interface ContainerConfig {
  Hostname: string;
  Domainname: string;
  User: string;
  AttachStdin: boolean;
  AttachStdout: boolean;
  AttachStderr: boolean;
  ExposedPorts: Readonly<Record<string, object>>;
  Tty: boolean;
  OpenStdin: boolean;
  StdinOnce: boolean;
  Env: readonly string[] | null;
  Cmd: readonly string[] | null;
  Image: string;
  Volumes: Readonly<Record<string, object>>;
  WorkingDir: string;
  Entrypoint: readonly string[] | null;
  Labels: Readonly<Record<string, string>>;
  readonly [other: string]: unknown;
}
export interface ContainerOptions {
  readonly config: ContainerConfig;
  readonly host: Record<string, unknown> & { readonly Dns: readonly string[]; readonly ContainerIDFile: string };
  readonly network: { readonly EndpointsConfig: Readonly<Record<string, unknown>> };
}

export async function containerOptions(context: Context): Promise<ContainerOptions> {
  const { flags, args, invocation } = context;
  const [image = "", ...command] = args;
  const mac = flags.string("mac-address");
  if (mac !== "" && !isMac(mac)) throw new CliError(`${mac} is not a valid mac address`);
  const swappiness = flags.changed("memory-swappiness") ? flags.number("memory-swappiness") : -1;
  if (swappiness !== -1 && (swappiness < 0 || swappiness > 100))
    throw new CliError(`invalid value: ${swappiness}. Valid memory swappiness range is 0-100`);
  const attach = flags.list("attach");
  const volumes = parseVolumes(flags.list("volume"), invocation.cwd);
  const ports = parsePorts(flags.list("publish"), flags.list("expose"));
  const resources = resourcesOf(flags);
  const env = await readKeyValues(
    invocation,
    flags.list("env-file"),
    flags.list("env"),
    (name) => invocation.env[name],
  );
  const labels = await readKeyValues(invocation, flags.list("label-file"), flags.list("label"));
  checkModes(flags);
  const restart = parseRestartPolicy(flags.changed("restart") ? flags.string("restart") : "no");
  const logOptions = flags.list("log-opt");
  if (flags.string("log-driver") === "none" && logOptions.length > 0)
    throw new CliError("invalid logging opts for driver none");
  const security = await securityOptions(context, flags.list("security-opt"));
  const storage = Object.fromEntries(
    flags.list("storage-opt").map((option) => {
      const [key, value, ok] = cut(option, "=");
      if (!ok) throw new CliError("invalid storage option");
      return [key, value];
    }),
  );
  const health = healthcheck(flags);
  const remove = flags.bool("rm");
  if (remove && restart.Name !== "" && restart.Name !== "no")
    throw new CliError("conflicting options: cannot specify both --restart and --rm");
  const network = networkOptions(flags);
  const stdin = flags.bool("interactive") || attach.includes("stdin");
  const endpointMac = network.endpoints[network.mode]?.MacAddress;
  const unconfined = security.includes("systempaths=unconfined");
  const config: ContainerConfig = {
    Hostname: flags.string("hostname"),
    Domainname: flags.string("domainname"),
    User: flags.string("user"),
    AttachStdin: stdin,
    AttachStdout: attach.length === 0 || attach.includes("stdout"),
    AttachStderr: attach.length === 0 || attach.includes("stderr"),
    ExposedPorts: ports.exposed,
    Tty: flags.bool("tty"),
    OpenStdin: flags.bool("interactive"),
    StdinOnce: flags.bool("interactive") && stdin,
    Env: orNull([...proxyEnvironment(context, env), ...env]),
    Cmd: orNull(command),
    Image: image,
    Volumes: volumes.anonymous,
    WorkingDir: flags.string("workdir"),
    Entrypoint:
      flags.string("entrypoint") !== "" ? [flags.string("entrypoint")] : flags.changed("entrypoint") ? [""] : null,
    Labels: toMap(labels),
    ...(flags.string("stop-signal") !== "" && { StopSignal: flags.string("stop-signal") }),
    ...(flags.changed("stop-timeout") && { StopTimeout: flags.number("stop-timeout") }),
    ...(health !== undefined && { Healthcheck: health }),
    ...(typeof endpointMac === "string" ? { MacAddress: endpointMac } : mac !== "" && { MacAddress: mac }),
  };
  return {
    config,
    host: {
      Binds: orNull(volumes.binds),
      ContainerIDFile: flags.string("cidfile"),
      LogConfig: { Type: flags.string("log-driver"), Config: toMap(logOptions) },
      NetworkMode: network.mode,
      PortBindings: ports.bindings,
      RestartPolicy: restart,
      AutoRemove: remove,
      VolumeDriver: flags.string("volume-driver"),
      VolumesFrom: orNull(flags.list("volumes-from")),
      ConsoleSize: [0, 0],
      ...(flags.list("annotation").length > 0 && { Annotations: toMap(flags.list("annotation")) }),
      CapAdd: orNull(capabilities(flags.list("cap-add"))),
      CapDrop: orNull(capabilities(flags.list("cap-drop"))),
      CgroupnsMode: flags.string("cgroupns"),
      Dns: flags.list("dns"),
      DnsOptions: flags.list("dns-option", "dns-opt"),
      DnsSearch: flags.list("dns-search"),
      ExtraHosts: orNull(flags.list("add-host")),
      GroupAdd: orNull(flags.list("group-add")),
      IpcMode: flags.string("ipc"),
      Cgroup: "",
      Links: orNull(flags.list("link")),
      OomScoreAdj: flags.number("oom-score-adj"),
      PidMode: flags.string("pid"),
      Privileged: flags.bool("privileged"),
      PublishAllPorts: flags.bool("publish-all"),
      ReadonlyRootfs: flags.bool("read-only"),
      SecurityOpt: orNull(security.filter((o) => o !== "systempaths=unconfined")),
      ...(Object.keys(storage).length > 0 && { StorageOpt: storage }),
      Tmpfs: Object.fromEntries(flags.list("tmpfs").map((t) => cut(t, ":").slice(0, 2))),
      UTSMode: flags.string("uts"),
      UsernsMode: flags.string("userns"),
      ShmSize: flags.number("shm-size"),
      Sysctls: toMap(flags.list("sysctl")),
      ...(flags.string("runtime") !== "" && { Runtime: flags.string("runtime") }),
      Isolation: flags.string("isolation"),
      ...resources,
      ...(flags.list("mount").length > 0 && { Mounts: flags.list("mount").map((m) => parseMount(m, invocation.cwd)) }),
      MaskedPaths: unconfined ? [] : null,
      ReadonlyPaths: unconfined ? [] : null,
      ...(flags.changed("init") && { Init: flags.bool("init") }),
    },
    network: { EndpointsConfig: network.endpoints },
  };
}

/** "net_admin" is CAP_NET_ADMIN; each once, in order of name. */
const capabilities = (names: readonly string[]): readonly string[] =>
  [
    ...new Set(
      names.map((n) => n.trim().toUpperCase()).map((n) => (n === "ALL" || n.startsWith("CAP_") ? n : `CAP_${n}`)),
    ),
  ].sort();

function checkModes(flags: Flags): void {
  const hasTarget = (mode: string): boolean => /^container:.+$/.test(mode);
  const pid = flags.string("pid");
  if (pid !== "" && pid !== "host" && !hasTarget(pid)) throw new CliError("--pid: invalid PID mode");
  const uts = flags.string("uts");
  if (uts !== "" && uts !== "host") throw new CliError("--uts: invalid UTS mode");
  const userns = flags.string("userns");
  if (userns !== "" && userns !== "host") throw new CliError("--userns: invalid USER mode");
  const cgroupns = flags.string("cgroupns");
  if (!["", "host", "private"].includes(cgroupns)) throw new CliError("--cgroupns: invalid CGROUP mode");
}

export interface RestartPolicy {
  readonly Name: string;
  readonly MaximumRetryCount: number;
}
export function parseRestartPolicy(policy: string): RestartPolicy {
  if (policy === "") return { Name: "", MaximumRetryCount: 0 };
  const [name, count, ok] = cut(policy, ":");
  if (ok && name === "") throw new CliError("invalid restart policy format: no policy provided before colon");
  if (count !== "" && !/^[+-]?\d+$/.test(count))
    throw new CliError("invalid restart policy format: maximum retry count must be an integer");
  return { Name: name, MaximumRetryCount: Number(count) };
}

/** Profiles of seccomp are files of the caller; their content is sent. */
async function securityOptions({ invocation }: Context, options: readonly string[]): Promise<readonly string[]> {
  const out: string[] = [];
  for (const option of options) {
    let [key, value, ok] = cut(option, "=");
    if (!ok && key !== "no-new-privileges") [key, value, ok] = cut(option, ":");
    if ((!ok || value === "") && key !== "no-new-privileges")
      throw new CliError(`Invalid --security-opt: ${JSON.stringify(option)}`);
    if (key !== "seccomp" || value === "builtin" || value === "unconfined") {
      out.push(option);
      continue;
    }
    const path = resolvePath(invocation.cwd, value);
    const bytes = await invocation.files.read(path).catch((error) => {
      throw new CliError(`opening seccomp profile (${value}) failed: ${messageOf(error).replace(path, value)}`);
    });
    try {
      out.push(`seccomp=${JSON.stringify(JSON.parse(new TextDecoder().decode(bytes)))}`);
    } catch (error) {
      throw new CliError(`compacting json for seccomp profile (${value}) failed: ${messageOf(error)}`);
    }
  }
  return out;
}

function healthcheck(flags: Flags): object | undefined {
  const durations = ["health-interval", "health-timeout", "health-start-period", "health-start-interval"];
  const command = flags.string("health-cmd");
  const retries = flags.number("health-retries");
  const given = command !== "" || retries !== 0 || durations.some((name) => flags.number(name) !== 0);
  if (flags.bool("no-healthcheck")) {
    if (given) throw new CliError("--no-healthcheck conflicts with --health-* options");
    return { Test: ["NONE"] };
  }
  if (!given) return undefined;
  for (const name of [
    "health-interval",
    "health-timeout",
    "health-retries",
    "health-start-period",
    "health-start-interval",
  ])
    if (flags.number(name) < 0) throw new CliError(`--${name} cannot be negative`);
  const field = (name: string, flag: string) => (flags.number(flag) === 0 ? {} : { [name]: flags.number(flag) });
  return {
    ...(command !== "" && { Test: ["CMD-SHELL", command] }),
    ...field("Interval", "health-interval"),
    ...field("Timeout", "health-timeout"),
    ...field("StartPeriod", "health-start-period"),
    ...field("StartInterval", "health-start-interval"),
    ...field("Retries", "health-retries"),
  };
}
