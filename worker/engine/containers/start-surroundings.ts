/** What has to be known and made before a container's process can be: layers, network, joined namespaces, bind sources, directories. */

import type { ContainerId, Sandbox } from "../domains.ts";
import { EngineError } from "../errors.ts";
import type { FileStat, Op } from "../ports/guest.ts";
import { cgroupParentOps, defaultCgroupParent } from "../runtime/index.ts";
import type { Container } from "./container.ts";
import type { ContainerDependencies } from "./dependencies.ts";
import { hostnameOf, type Surroundings } from "./describe.ts";
import { linkedContainer, linksOf } from "./links.ts";
import { type MountPoint, never } from "./model.ts";
import { containerDirectory, isVolatile, layerDirectoryOps, renewVolatileOps, shmDirectory } from "./paths.ts";
import { hasProcess } from "./predicates.ts";
import { resolveBelow } from "./resolve-path.ts";
import type { ContainerStore } from "./store.ts";

export class StartSurroundings {
  readonly #d: ContainerDependencies;
  readonly #store: ContainerStore;
  /** Parents of cgroups that are made already. */
  readonly #parents = new Set<string>([defaultCgroupParent]);

  constructor(dependencies: ContainerDependencies, store: ContainerStore) {
    this.#d = dependencies;
    this.#store = store;
  }

  async layers(container: Container): Promise<readonly string[]> {
    const image = this.#d.images.get(container.record.image);
    if (image === undefined) throw new EngineError("notFound", `No such image: ${container.record.image}`);
    const lowers = await this.#d.images.mountLayers(image);
    return (await this.#d.trust?.over(lowers)) ?? lowers;
  }

  joined(container: Container): Surroundings["joined"] {
    const { NetworkMode, PidMode, IpcMode } = container.record.hostConfig;
    const joined = new Map<string, { pid: number; id: ContainerId }>();
    const join = (mode: string, prefix: string, refusal: (other: Container) => EngineError): void => {
      if (!mode.startsWith("container:")) return;
      const reference = mode.slice("container:".length);
      const other = this.#store.find(reference);
      if (other === undefined) throw new EngineError("system", `${prefix}: No such container: ${reference}`);
      if (other === container && mode === NetworkMode)
        throw new EngineError("system", "cannot join own network namespace");
      if (!hasProcess(other.state)) throw refusal(other);
      other.networkTouched = true;
      joined.set(mode, { pid: other.state.pid, id: other.id });
    };
    join(
      NetworkMode,
      "joining network namespace of container",
      (other) =>
        new EngineError(
          "conflict",
          `cannot join network namespace of a non running container: container ${other.name} is ${other.state.status}`,
        ),
    );
    for (const [mode, what] of [
      [PidMode, "PID"],
      [IpcMode, "IPC"],
    ] as const) {
      const prefix = `failed to join ${what} namespace`;
      join(mode, prefix, (other) => new EngineError("system", `${prefix}: container ${other.id} is not running`));
    }
    const donor = joined.get(IpcMode);
    const shared = donor && this.#store.find(donor.id)?.record.hostConfig.IpcMode;
    if (donor !== undefined && shared !== "shareable" && shared !== "host")
      throw new EngineError(
        "system",
        `failed to join IPC namespace: container ${donor.id}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`,
      );
    return joined;
  }

  async openSandbox(container: Container): Promise<Sandbox | undefined> {
    const { record } = container;
    const { config, hostConfig: host } = record;
    if (host.NetworkMode.startsWith("container:") || config.NetworkDisabled) return undefined;
    const links = linksOf(record).flatMap(({ reference, alias }) => {
      const other = linkedContainer(this.#store, reference);
      return other === undefined ? [] : [{ container: other.id, name: other.name, alias }];
    });
    return await this.#d.networks.openSandbox({
      container: record.id,
      name: record.name,
      hostname: config.Domainname === "" ? hostnameOf(record) : `${hostnameOf(record)}.${config.Domainname}`,
      networkMode: host.NetworkMode,
      endpoints: record.networks,
      portBindings: host.PortBindings,
      exposedPorts: Object.keys(config.ExposedPorts ?? {}),
      publishAllPorts: host.PublishAllPorts,
      dns: host.Dns ?? [],
      dnsSearch: host.DnsSearch ?? [],
      dnsOptions: host.DnsOptions ?? [],
      extraHosts: host.ExtraHosts ?? [],
      links,
      sysctls: Object.fromEntries(Object.entries(host.Sysctls ?? {}).filter(([name]) => name.startsWith("net."))),
    });
  }

  /** Of bind sources (made where Docker makes them) and devices; most containers have none. */
  async stats(container: Container): Promise<ReadonlyMap<string, FileStat>> {
    const { mounts, hostConfig: host } = container.record;
    const binds = mounts.filter((m) => m.Type === "bind");
    await this.#mountImages(mounts);
    const paths = [
      ...binds.map((m) => m.Source),
      ...mounts.filter((m) => m.Type === "image" && m.detail.subpath === undefined).map((m) => m.Source),
      ...(host.Devices ?? []).map((d) => d.PathOnHost),
      ...[
        host.BlkioDeviceReadBps,
        host.BlkioDeviceWriteBps,
        host.BlkioDeviceReadIOps,
        host.BlkioDeviceWriteIOps,
      ].flatMap((list) => (list ?? []).map((d) => d.Path)),
    ];
    const found = new Map<string, FileStat>();
    for (const { Source, detail } of mounts)
      if (detail.subpath !== undefined)
        found.set(`${Source}/${detail.subpath}`, (await resolveBelow(this.#d.guest, Source, detail.subpath)).stat);
    if (paths.length === 0) return found;
    const stat = (path: string): Op => ({ op: "stat", path, follow: true, ignore: ["ENOENT", "ENOTDIR"] });
    const results = await this.#d.guest.batch(paths.map(stat));
    const missing: string[] = [];
    paths.forEach((path, i) => {
      const result = results[i] as FileStat | undefined;
      if (result !== undefined) found.set(path, result);
      else if (binds.some((m) => m.Source === path)) missing.push(path);
    });
    for (const path of missing)
      if (binds.every((m) => m.Source !== path || m.detail.createSource !== true))
        throw new EngineError(
          "invalidParameter",
          `invalid mount config for type "bind": bind source path does not exist: ${path}`,
        );
    if (missing.length === 0) return found;
    const made = await this.#d.guest.batch(
      missing.flatMap((path): Op[] => [{ op: "mkdir", path, parents: true, mode: 0o755 }, stat(path)]),
    );
    missing.forEach((path, i) => {
      found.set(path, made[2 * i + 1] as FileStat);
    });
    return found;
  }

  /** Images that are mounted as they are; gone again with the run (removeTraces). */
  async #mountImages(mounts: readonly MountPoint[]): Promise<void> {
    for (const { Source: target, detail } of mounts) {
      if (detail.image === undefined) continue;
      const lowers = await this.#d.images.mountLayers(detail.image);
      // An overlay without an upper directory wants two lower ones.
      const [only = "", ...further] = lowers;
      const mount: Op =
        further.length === 0
          ? { op: "mount", source: only, target, flags: ["bind"] }
          : {
              op: "mount",
              source: "overlay",
              target,
              type: "overlay",
              flags: ["ro"],
              data: `lowerdir=${lowers.join(":")}`,
            };
      await this.#d.guest.batch([{ op: "mkdir", path: target, parents: true, mode: 0o755 }, mount]);
    }
  }

  async volumeOps(container: Container): Promise<readonly Op[]> {
    const names = container.record.mounts.filter((m) => m.Type === "volume").map((m) => m.Name ?? "");
    if (names.length === 0) return [];
    return (await Promise.all(names.map((name) => this.#d.volumes.mountOps(name)))).flat();
  }

  prepareOps(container: Container, sandbox: Sandbox | undefined): readonly Op[] {
    const { record } = container;
    const { hostConfig: host } = record;
    const directory = containerDirectory(record.id);
    const ops: Op[] = [
      ...layerDirectoryOps(record.id),
      { op: "mkdir", path: directory, mode: 0o710, ignore: ["EEXIST"] },
    ];
    if (!host.NetworkMode.startsWith("container:"))
      ops.push(
        { op: "write", path: `${directory}/hosts`, data: sandbox?.hosts ?? "127.0.0.1\tlocalhost\n", mode: 0o644 },
        { op: "write", path: `${directory}/resolv.conf`, data: sandbox?.resolvConf ?? "", mode: 0o644 },
        { op: "write", path: `${directory}/hostname`, data: `${hostnameOf(record)}\n`, mode: 0o644 },
      );
    if (isVolatile(record) && record.state.startedAt !== never) ops.push(...renewVolatileOps(record.id));
    if (host.IpcMode === "shareable") {
      const path = shmDirectory(record.id);
      ops.push(
        { op: "mkdir", path, parents: true, mode: 0o755 },
        {
          op: "mount",
          source: "shm",
          target: path,
          type: "tmpfs",
          flags: ["nosuid", "nodev", "noexec"],
          data: `mode=1777,size=${host.ShmSize}`,
        },
      );
    }
    const parent = host.CgroupParent || defaultCgroupParent;
    if (!this.#parents.has(parent)) {
      ops.push(...cgroupParentOps(parent));
      this.#parents.add(parent);
    }
    return ops;
  }
}
