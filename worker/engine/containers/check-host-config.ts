/**
 * What dockerd refuses and what it warns of in a host configuration (daemon/daemon_unix.go verifyPlatformContainerSettings and
 * verifyPlatformContainerResources), for a machine with cgroup v2.
 */
import { EngineError } from "../errors.ts";
import { parseDeviceRule } from "../runtime/device-program.ts";
import type { ContainerConfig, HostConfig, Resources } from "./model.ts";

/** What there is to give. */
export interface HostFacts {
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
}

const minimumMemory = 6 * 1024 * 1024;
const invalid = (message: string): EngineError => new EngineError("invalidParameter", message);

export interface Checked<T> {
  readonly value: T;
  readonly warnings: readonly string[];
}

/** Checks limits and completes them: swap defaults to twice the memory, what the kernel cannot do is dropped with a warning. */
export function checkResources<T extends Resources>(
  given: T,
  facts: HostFacts,
  { update = false }: { readonly update?: boolean } = {},
): Checked<T> {
  const warnings: string[] = [];
  let { MemorySwap, MemorySwappiness, OomKillDisable, BlkioWeight, PidsLimit } = given;
  const { Memory, MemoryReservation, NanoCpus, CpuQuota, CpuPeriod } = given;
  if (Memory !== 0 && Memory < minimumMemory) throw invalid("Minimum memory limit allowed is 6MB");
  if (Memory > 0 && MemorySwap === 0) MemorySwap = Memory * 2;
  if (Memory > 0 && MemorySwap > 0 && MemorySwap < Memory)
    throw invalid("Minimum memoryswap limit should be larger than memory limit, see usage");
  // An update may name the one limit without the other, which the container has.
  if (Memory === 0 && MemorySwap > 0 && !update)
    throw invalid("You should always set the Memory limit when using Memoryswap limit, see usage");
  if (MemorySwappiness !== null && (MemorySwappiness < 0 || MemorySwappiness > 100))
    throw invalid(`Invalid value: ${MemorySwappiness}, valid memory swappiness range is 0-100`);
  if (MemorySwappiness !== null) {
    warnings.push(
      "Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory swappiness discarded.",
    );
    MemorySwappiness = null;
  }
  if (MemoryReservation > 0 && MemoryReservation < minimumMemory)
    throw invalid("Minimum memory reservation allowed is 6MB");
  if (Memory > 0 && MemoryReservation > 0 && Memory < MemoryReservation)
    throw invalid("Minimum memory limit can not be less than memory reservation limit, see usage");
  if (OomKillDisable === true) warnings.push("Your kernel does not support OomKillDisable. OomKillDisable discarded.");
  OomKillDisable = null;
  if (PidsLimit !== null && PidsLimit <= 0) PidsLimit = null;
  if (NanoCpus > 0 && CpuPeriod > 0) throw invalid("Conflicting options: Nano CPUs and CPU Period cannot both be set");
  if (NanoCpus > 0 && CpuQuota > 0) throw invalid("Conflicting options: Nano CPUs and CPU Quota cannot both be set");
  if (NanoCpus < 0 || NanoCpus > facts.cpus * 1e9)
    throw invalid(`range of CPUs is from 0.01 to ${facts.cpus}.00, as there are only ${facts.cpus} CPUs available`);
  if (given.CpuShares < 0) throw invalid(`invalid CPU shares (${given.CpuShares}): value must be a positive integer`);
  if (CpuPeriod !== 0 && (CpuPeriod < 1000 || CpuPeriod > 1_000_000))
    throw invalid("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)");
  if (CpuQuota > 0 && CpuQuota < 1000) throw invalid("CPU cfs quota can not be less than 1ms (i.e. 1000)");
  checkSet(given.CpusetCpus, "CPUs", "cpus", facts.cpus);
  checkSet(given.CpusetMems, "memory nodes", "mems", 1);
  if (BlkioWeight !== 0) {
    warnings.push("Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.");
    BlkioWeight = 0;
  }
  for (const rule of given.DeviceCgroupRules ?? [])
    if (parseDeviceRule(rule) === undefined) throw invalid(`invalid device cgroup rule format: '${rule}'`);
  return {
    value: { ...given, MemorySwap, MemorySwappiness, OomKillDisable, BlkioWeight, PidsLimit },
    warnings,
  };
}

function checkSet(text: string, what: string, kind: string, count: number): void {
  if (text === "") return;
  for (const part of text.split(",")) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (match === null) throw invalid(`Invalid value ${text} for cpuset ${kind}: invalid format: ${part}`);
    if (Number(match[2] ?? match[1]) >= count)
      throw invalid(
        `Requested ${what} are not available - requested ${text}, available: ${count === 1 ? "0" : `0-${count - 1}`}`,
      );
  }
}

const logOptions: Readonly<Record<string, readonly string[]>> = {
  "json-file": [
    "max-file",
    "max-size",
    "compress",
    "labels",
    "labels-regex",
    "env",
    "env-regex",
    "tag",
    "mode",
    "max-buffer-size",
  ],
  local: ["max-file", "max-size", "compress", "mode", "max-buffer-size"],
  none: ["mode", "max-buffer-size"],
};

/** Options that a shared network namespace leaves no room for. */
export function checkNetworkMode(host: HostConfig, config: ContainerConfig): void {
  const { NetworkMode: mode } = host;
  const conflict = (what: string): EngineError => invalid(`conflicting options: ${what}`);
  const filled = (list: readonly unknown[] | null): boolean => list !== null && list.length > 0;
  const shared = mode.startsWith("container:");
  if (mode === "container" || mode === "container:")
    throw invalid("invalid network mode: invalid container format container:<name|id>");
  if (host.UTSMode === "host" && config.Hostname !== "") throw conflict("hostname and the UTS mode");
  if (filled(host.Links) && (shared || mode === "host"))
    throw conflict(
      `${shared ? "container type network" : "host type networking"} can't be used with links. This would result in undefined behavior`,
    );
  if (!shared) return;
  if (config.Hostname !== "") throw conflict("hostname and the network mode");
  if (filled(host.Dns)) throw conflict("dns and the network mode");
  if (filled(host.ExtraHosts)) throw conflict("custom host-to-IP mapping and the network mode");
  if (config.MacAddress) throw conflict("mac-address and the network mode");
  if (Object.keys(host.PortBindings).length > 0 || host.PublishAllPorts)
    throw conflict("port publishing and the container type network mode");
  if (Object.keys(config.ExposedPorts ?? {}).length > 0)
    throw conflict("port exposing and the container type network mode");
}

export function checkHostConfig(given: HostConfig, facts: HostFacts): Checked<HostConfig> {
  const { AutoRemove, RestartPolicy, LogConfig, Tmpfs } = given;
  if (AutoRemove && RestartPolicy.Name !== "no")
    throw invalid("can't create 'AutoRemove' container with restart policy");
  for (const entry of given.ExtraHosts ?? [])
    if (!/^[^:=]+[:=].+$/.test(entry)) throw invalid(`bad format for add-host: ${JSON.stringify(entry)}`);
  checkMode("PID", given.PidMode, ["", "host"], true);
  checkMode("IPC", given.IpcMode, ["", "host", "private", "shareable", "none"], true);
  checkMode("UTS", given.UTSMode, ["", "host"], false);
  if (!["", "host", "private"].includes(given.CgroupnsMode))
    throw invalid(`invalid cgroup namespace mode: ${given.CgroupnsMode}`);
  if (!["", "default"].includes(given.Isolation))
    throw invalid(`invalid isolation (${given.Isolation}): linux only supports 'default'`);
  if (!["runc", "io.containerd.runc.v2"].includes(given.Runtime))
    throw invalid(`unknown or invalid runtime name: ${given.Runtime}`);
  if (given.ShmSize < 0) throw invalid("SHM size can not be less than 0");
  if (given.OomScoreAdj < -1000 || given.OomScoreAdj > 1000)
    throw invalid(`Invalid value ${given.OomScoreAdj}, range for oom score adj is [-1000, 1000]`);
  if (Object.hasOwn(given.Annotations ?? {}, ""))
    throw invalid("invalid Annotations: the empty string is not permitted as an annotation key");
  for (const option of Object.keys(given.StorageOpt ?? {}))
    throw new EngineError(
      "system",
      option === "size"
        ? "--storage-opt is supported only for overlay over xfs with 'pquota' mount option"
        : `Unknown option ${option}`,
    );
  for (const target of Object.keys(Tmpfs ?? {}))
    if (/^\/+$/.test(target)) throw invalid("invalid specification: destination can't be '/'");
    else if (!target.startsWith("/")) throw invalid(`invalid mount path: '${target}' mount path must be absolute`);
  const known = logOptions[LogConfig.Type];
  if (known === undefined)
    throw invalid(`error looking up logging plugin ${LogConfig.Type}: plugin "${LogConfig.Type}" not found`);
  for (const option of Object.keys(LogConfig.Config))
    if (!known.includes(option)) throw invalid(`unknown log opt '${option}' for ${LogConfig.Type} log driver`);
  checkLogMode(LogConfig.Config);
  const checked = checkResources(given, facts);
  const warnings = [...checked.warnings];
  if (given.NetworkMode === "host" && Object.keys(given.PortBindings).length > 0)
    warnings.unshift("Published ports are discarded when using host network mode");
  return { value: checked.value, warnings };
}

/** moby's logger.ValidateLogOpts: how lines wait for their driver. */
function checkLogMode({ mode = "", "max-buffer-size": buffer }: Readonly<Record<string, string>>): void {
  if (!["", "blocking", "non-blocking"].includes(mode)) throw invalid(`logger: logging mode not supported: ${mode}`);
  if (buffer !== undefined && mode !== "non-blocking")
    throw invalid("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
}

function checkMode(what: string, mode: string, plain: readonly string[], container: boolean): void {
  if (plain.includes(mode) || (container && /^container:.+/.test(mode))) return;
  throw invalid(`invalid ${what} mode: ${mode}`);
}
