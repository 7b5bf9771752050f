import type { Clock } from "../ports/host.ts";

/** What the machine reports of itself when the engine starts; it does not change while the engine runs. */
export interface MachineFacts {
  /** A UUID that stays with the playground. */
  readonly id: string;
  readonly name: string;
  readonly kernelVersion: string;
  /** PRETTY_NAME of the userland's /etc/os-release. */
  readonly operatingSystem: string;
  readonly osVersion: string;
  /** Bytes. */
  readonly memory: number;
  readonly processors: number;
}

/** The other domains, as far as the engine's summary speaks of them. Lists are in the Engine API's shapes. */
export interface Inventory {
  countContainers(): { readonly running: number; readonly paused: number; readonly stopped: number };
  countImages(): number;
  countEventListeners(): number;
  /** ContainerSummary with SizeRw and SizeRootFs. */
  containerSummaries(): Promise<readonly unknown[]>;
  /** ImageSummary with SharedSize and Containers. */
  imageSummaries(): Promise<readonly unknown[]>;
  /** Bytes of all layers, each once. */
  layersSize(): Promise<number>;
  /** Volume with UsageData. */
  volumes(): Promise<readonly unknown[]>;
  /** BuildCache records. */
  buildCache(): Promise<readonly unknown[]>;
  registryMirrors(): readonly string[];
  /** Schema SwarmInfo. */
  swarm(): object;
}

export const engineVersion = "28.5.2";
const buildTime = "2026-01-01T00:00:00.000000000+00:00";
const indexServer = "https://index.docker.io/v1/";

export class SystemService {
  readonly #machine: MachineFacts;
  readonly #inventory: Inventory;
  readonly #clock: Clock;
  constructor(machine: MachineFacts, inventory: Inventory, clock: Clock) {
    this.#machine = machine;
    this.#inventory = inventory;
    this.#clock = clock;
  }

  /** Schema SystemVersion. */
  version(apiVersion: string, minimumApiVersion: string): unknown {
    const common = {
      ApiVersion: apiVersion,
      MinAPIVersion: minimumApiVersion,
      GitCommit: "drydock",
      Os: "linux",
      Arch: "386",
      KernelVersion: this.#machine.kernelVersion,
      BuildTime: buildTime,
    };
    return {
      Platform: { Name: "Drydock" },
      Components: [
        {
          Name: "Engine",
          Version: engineVersion,
          Details: { ...common, Experimental: "false", GoVersion: "none (TypeScript)" },
        },
        { Name: "drydock-agent", Version: "1", Details: { GitCommit: "" } },
      ],
      Version: engineVersion,
      ...common,
      GoVersion: "none (TypeScript)",
    };
  }

  /** Schema SystemInfo. */
  info(): unknown {
    const containers = this.#inventory.countContainers();
    const mirrors = this.#inventory.registryMirrors();
    return {
      ID: this.#machine.id,
      Containers: containers.running + containers.paused + containers.stopped,
      ContainersRunning: containers.running,
      ContainersPaused: containers.paused,
      ContainersStopped: containers.stopped,
      Images: this.#inventory.countImages(),
      Driver: "overlay2",
      DriverStatus: [
        ["Backing Filesystem", "extfs"],
        ["Supports d_type", "true"],
        ["Using metacopy", "false"],
        ["Native Overlay Diff", "true"],
        ["userxattr", "false"],
      ],
      Plugins: {
        Volume: ["local"],
        Network: ["bridge", "host", "ipvlan", "macvlan", "null"],
        Authorization: null,
        Log: ["json-file", "local"],
      },
      MemoryLimit: true,
      SwapLimit: true,
      CpuCfsPeriod: true,
      CpuCfsQuota: true,
      CPUShares: true,
      // One processor: the kernel is built without SMP, hence without cpusets.
      CPUSet: false,
      PidsLimit: true,
      IPv4Forwarding: true,
      Debug: false,
      NFd: 0,
      OomKillDisable: false,
      NGoroutines: 1,
      SystemTime: this.#clock.now().toISOString(),
      LoggingDriver: "json-file",
      CgroupDriver: "cgroupfs",
      CgroupVersion: "2",
      NEventsListener: this.#inventory.countEventListeners(),
      KernelVersion: this.#machine.kernelVersion,
      OperatingSystem: this.#machine.operatingSystem,
      OSVersion: this.#machine.osVersion,
      OSType: "linux",
      Architecture: "i686",
      IndexServerAddress: indexServer,
      RegistryConfig: {
        IndexConfigs: { "docker.io": { Mirrors: mirrors, Name: "docker.io", Official: true, Secure: true } },
        InsecureRegistryCIDRs: ["::1/128", "127.0.0.0/8"],
        Mirrors: mirrors.length === 0 ? null : mirrors,
      },
      NCPU: this.#machine.processors,
      MemTotal: this.#machine.memory,
      GenericResources: null,
      DockerRootDir: "/var/lib/docker",
      HttpProxy: "",
      HttpsProxy: "",
      NoProxy: "",
      Name: this.#machine.name,
      Labels: [],
      ExperimentalBuild: false,
      ServerVersion: engineVersion,
      Runtimes: { runc: { path: "drydock-agent" } },
      DefaultRuntime: "runc",
      Swarm: this.#inventory.swarm(),
      LiveRestoreEnabled: false,
      Isolation: "",
      InitBinary: "docker-init",
      ContainerdCommit: { ID: "" },
      RuncCommit: { ID: "" },
      InitCommit: { ID: "" },
      SecurityOptions: ["name=seccomp,profile=builtin", "name=cgroupns"],
      FirewallBackend: { Driver: "nftables" },
      CDISpecDirs: [],
      Warnings: ["WARNING: No cpuset support"],
    };
  }

  /** Schema SystemDataUsageResponse; `types` as the query parameter `type`, empty for all. */
  async dataUsage(types: readonly string[]): Promise<Record<string, unknown>> {
    const wants = (type: string) => types.length === 0 || types.includes(type);
    const [layers, images, containers, volumes, cache] = await Promise.all([
      wants("image") ? this.#inventory.layersSize() : undefined,
      wants("image") ? this.#inventory.imageSummaries() : null,
      wants("container") ? this.#inventory.containerSummaries() : null,
      wants("volume") ? this.#inventory.volumes() : null,
      wants("build-cache") ? this.#inventory.buildCache() : null,
    ]);
    return {
      ...(layers === undefined ? {} : { LayersSize: layers }),
      Images: images,
      Containers: containers,
      Volumes: volumes,
      BuildCache: cache,
    };
  }
}
