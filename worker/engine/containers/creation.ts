/** `POST /containers/create`: from an untrusted body to a durable record. Nothing runs yet. */

import type { ContainerId, EndpointSettings, Image, VolumeMountPoint } from "../domains.ts";
import { EngineError, isEngineError } from "../errors.ts";
import type { FileStat, Op } from "../ports/guest.ts";
import { initLayer } from "../runtime/index.ts";
import { checkHostConfig, checkNetworkMode } from "./check-host-config.ts";
import { checkConfig, commandOf, mergeImageConfig, readConfig } from "./config.ts";
import { Container } from "./container.ts";
import { Fields } from "./decode.ts";
import type { ContainerDependencies } from "./dependencies.ts";
import { readHostConfig } from "./host-config.ts";
import { newContainerId } from "./ids.ts";
import { linkedContainer, parseLink } from "./links.ts";
import { type ContainerConfig, type ContainerRecord, type HostConfig, type MountPoint, never } from "./model.ts";
import { anonymousVolume, type PlannedMount, parseBind, parseMount, parseVolumesFrom } from "./mount-specs.ts";
import { checkName, generateName } from "./names.ts";
import { imageMountDirectory } from "./paths.ts";
import { resolveBelow, resolveInRoot } from "./resolve-path.ts";
import { parseSecurityOptions } from "./security.ts";
import type { ContainerStore } from "./store.ts";
import { formatTime } from "./times.ts";

export interface Created {
  readonly Id: ContainerId;
  readonly Warnings: readonly string[];
}

export interface CreateRequest {
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
}

export function readCreateRequest(body: unknown): CreateRequest {
  if (body === undefined) throw invalid("invalid JSON: got EOF while reading request body");
  const fields = Fields.of(body, "", "container.CreateRequest");
  if (body === null || Object.keys(body as object).length === 0)
    throw invalid("config cannot be empty in order to create a container");
  const networking = fields.fields("NetworkingConfig", "network.NetworkingConfig").object("EndpointsConfig") ?? {};
  return {
    config: readConfig(fields),
    hostConfig: readHostConfig(fields.fields("HostConfig", "container.HostConfig")),
    endpoints: Object.fromEntries(Object.entries(networking).map(([name, value]) => [name, readEndpoint(value)])),
  };
}

/** What an endpoint asks for, as it is written; each of its fields has its type. */
function readEndpoint(value: unknown): EndpointSettings {
  const endpoint = Fields.of(value, "EndpointsConfig", "network.EndpointSettings");
  const ipam = endpoint.fields("IPAMConfig", "network.EndpointIPAMConfig");
  for (const name of ["IPv4Address", "IPv6Address"]) ipam.string(name);
  ipam.strings("LinkLocalIPs");
  for (const name of ["Links", "Aliases", "DNSNames"]) endpoint.strings(name);
  for (const name of ["MacAddress", "NetworkID", "EndpointID", "Gateway", "IPAddress"]) endpoint.string(name);
  for (const name of ["IPv6Gateway", "GlobalIPv6Address"]) endpoint.string(name);
  for (const name of ["GwPriority", "IPPrefixLen", "GlobalIPv6PrefixLen"]) endpoint.integer(name);
  endpoint.stringMap("DriverOpts");
  return (value ?? {}) as EndpointSettings;
}

const invalid = (message: string): EngineError => new EngineError("invalidParameter", message);
const nameAttempts = 6;

export class Creation {
  readonly #d: ContainerDependencies;
  readonly #store: ContainerStore;
  constructor(dependencies: ContainerDependencies, store: ContainerStore) {
    this.#d = dependencies;
    this.#store = store;
  }

  async create(
    request: CreateRequest,
    name: string | undefined,
    platform: string | undefined,
  ): Promise<{ container: Container; warnings: readonly string[] }> {
    const { value: checked, warnings } = checkHostConfig(request.hostConfig, this.#d.host);
    checkNetworkMode(checked, request.config);
    const hostConfig = this.#withNetworkOwner(checked);
    checkConfig(request.config);
    parseSecurityOptions(hostConfig.SecurityOpt);
    this.#checkReferences(hostConfig);
    const image = await this.#image(request.config.Image, platform);
    const id = newContainerId(this.#d.randomness);
    const merged = mergeImageConfig(request.config, image.config);
    const config = await this.#withHostname(merged, hostConfig, id);
    checkConfig(config);
    const { path, args } = commandOf(config);
    const networks = endpointsOf(request, hostConfig);
    this.#d.networks.validate({ endpoints: networks });
    const chosen = this.#reserve(name, id);
    try {
      const mounts = await this.#mounts(id, hostConfig, config, image);
      const record: ContainerRecord = {
        schema: 1,
        id,
        name: chosen,
        created: formatTime(this.#d.clock.now()),
        image: image.id,
        path,
        args,
        config: config.ExposedPorts === undefined && hasPorts(hostConfig) ? { ...config, ExposedPorts: {} } : config,
        hostConfig,
        mounts,
        networks,
        state: { status: "created", startedAt: never, finishedAt: never, exitCode: 0, error: "", oomKilled: false },
        restartCount: 0,
        manuallyStopped: false,
      };
      const container = new Container(withExposedBindings(record));
      await this.#store.add(container);
      this.#d.events.publish("container", "create", id, container.eventAttributes());
      return { container, warnings };
    } catch (error) {
      this.#store.releaseName(chosen);
      throw error;
    }
  }

  async #image(reference: string, platform: string | undefined): Promise<Image> {
    if (reference === "") throw invalid("no command specified");
    return this.#d.images.resolve(reference, platform);
  }

  #reserve(name: string | undefined, id: ContainerId): string {
    if (name !== undefined && name !== "") {
      const checked = checkName(name);
      this.#store.reserveName(checked, id);
      return checked;
    }
    for (let attempt = 0; attempt < nameAttempts; attempt++) {
      const made = generateName(this.#d.randomness, attempt);
      if (this.#store.nameTaken(made)) continue;
      this.#store.reserveName(made, id);
      return made;
    }
    const short = id.slice(0, 12);
    this.#store.reserveName(short, id);
    return short;
  }

  /** The container whose network is shared is kept by its id: names change. */
  #withNetworkOwner(host: HostConfig): HostConfig {
    if (!host.NetworkMode.startsWith("container:")) return host;
    const owner = this.#store.find(host.NetworkMode.slice("container:".length));
    return owner === undefined ? host : { ...host, NetworkMode: `container:${owner.id}` };
  }

  async #withHostname(config: ContainerConfig, host: HostConfig, id: ContainerId): Promise<ContainerConfig> {
    if (host.NetworkMode.startsWith("container:")) {
      const owner = this.#store.find(host.NetworkMode.slice("container:".length));
      return { ...config, Hostname: owner?.record.config.Hostname ?? config.Hostname };
    }
    if (config.Hostname !== "") return config;
    if (host.NetworkMode !== "host") return { ...config, Hostname: id.slice(0, 12) };
    const [name] = await this.#d.guest.batch([{ op: "read", path: "/proc/sys/kernel/hostname", ignore: ["*"] }]);
    return { ...config, Hostname: name instanceof Uint8Array ? new TextDecoder().decode(name).trim() : "" };
  }

  #checkReferences(host: HostConfig): void {
    for (const mode of [host.PidMode, host.IpcMode])
      if (mode.startsWith("container:")) this.#named(mode.slice("container:".length));
    for (const spec of host.VolumesFrom ?? []) this.#named(parseVolumesFrom(spec).container);
    // On networks of users a link is a name, and may be of a container that comes later.
    if (!["default", "bridge", "host", "none"].includes(host.NetworkMode)) return;
    for (const { reference } of (host.Links ?? []).map(parseLink)) {
      const linked = linkedContainer(this.#store, reference);
      if (linked === undefined)
        throw invalid(`could not get container for ${reference}: No such container: ${reference}`);
      if (linked.record.hostConfig.NetworkMode === "host")
        throw invalid(
          "conflicting options: host type networking can't be used with links. This would result in undefined behavior",
        );
    }
  }

  #named(reference: string): Container {
    const found = this.#store.find(reference);
    if (found === undefined) throw invalid(`No such container: ${reference}`);
    return found;
  }

  // ------------------------------------------------------------------ mounts
  async #mounts(
    id: ContainerId,
    host: HostConfig,
    config: ContainerConfig,
    image: Image,
  ): Promise<readonly MountPoint[]> {
    const inherited = new Map<string, MountPoint>();
    for (const spec of host.VolumesFrom ?? []) {
      const { container, mode } = parseVolumesFrom(spec);
      for (const mount of this.#named(container).record.mounts)
        inherited.set(mount.Destination, {
          ...mount,
          Mode: mode,
          RW: mount.RW && mode !== "ro",
          detail: { ...mount.detail, copyUp: false },
        });
    }
    const planned = new Map<string, PlannedMount>();
    const plan = (mount: PlannedMount, own: boolean): void => {
      if (own && (planned.has(mount.destination) || Object.hasOwn(host.Tmpfs ?? {}, mount.destination)))
        throw invalid(`Duplicate mount point: ${mount.destination}`);
      planned.set(mount.destination, mount);
    };
    for (const bind of host.Binds ?? []) plan(parseBind(bind, host.VolumeDriver), true);
    for (const mount of host.Mounts ?? []) plan(parseMount(mount), true);
    for (const destination of Object.keys(config.Volumes ?? {})) {
      const mount = anonymousVolume(destination, host.VolumeDriver);
      if (
        !planned.has(mount.destination) &&
        !inherited.has(mount.destination) &&
        !Object.hasOwn(host.Tmpfs ?? {}, mount.destination)
      )
        plan(mount, false);
    }
    await this.#checkBindSources([...planned.values()]);
    const out: MountPoint[] = [...inherited.values()].filter((m) => !planned.has(m.Destination));
    const fresh: MountPoint[] = [];
    for (const mount of planned.values()) fresh.push(await this.#mountPoint(id, mount));
    const copies = fresh.filter((m) => m.Type === "volume" && m.detail.copyUp === true);
    if (copies.length > 0) await this.#copyUp(image, copies);
    return [...out, ...fresh];
  }

  async #checkBindSources(planned: readonly PlannedMount[]): Promise<void> {
    const sources = planned.flatMap((m) =>
      m.type === "bind" && m.detail.createSource !== true && m.source !== undefined ? [m.source] : [],
    );
    if (sources.length === 0) return;
    const found = await this.#d.guest.batch(
      sources.map((path): Op => ({ op: "stat", path, follow: true, ignore: ["ENOENT", "ENOTDIR"] })),
    );
    sources.forEach((path, i) => {
      if (found[i] === undefined)
        throw invalid(`invalid mount config for type "bind": bind source path does not exist: ${path}`);
    });
  }

  async #mountPoint(id: ContainerId, mount: PlannedMount): Promise<MountPoint> {
    const shared = {
      Destination: mount.destination,
      Mode: mount.mode,
      RW: mount.writable,
      Propagation: mount.propagation,
      detail: mount.detail,
    };
    if (mount.type === "bind") return { Type: "bind", Source: mount.source ?? "", ...shared };
    if (mount.type === "tmpfs") return { Type: "tmpfs", Source: "", ...shared };
    if (mount.type === "image") {
      const Name = mount.source ?? "";
      const { id: image, layers } = await this.#d.images.resolve(Name);
      const detail = { ...mount.detail, image: { id: image, layers } };
      return { Type: "image", Name, Source: imageMountDirectory(id, image), ...shared, detail };
    }
    const volume: VolumeMountPoint = await this.#d.volumes.ensure({
      ...(mount.source === undefined ? { anonymous: true } : { name: mount.source }),
      ...(mount.driver === undefined ? {} : { driver: mount.driver }),
      ...(mount.driverOptions === undefined ? {} : { driverOptions: mount.driverOptions }),
      ...(mount.labels === undefined ? {} : { labels: mount.labels }),
    });
    return {
      Type: "volume",
      Name: volume.name,
      Source: volume.source,
      ...shared,
      Driver: volume.driver,
      // dockerd's default for local volumes on Linux.
      Mode: mount.mode === "" ? (mount.detail.anonymous === true ? "" : "z") : mount.mode,
    };
  }

  /** What of a volume is mounted. A subpath that leads nowhere is told of at the start, and is no empty directory here. */
  async #placeOf({ Source, detail }: MountPoint): Promise<string> {
    if (detail.subpath === undefined) return Source;
    const found = await resolveBelow(this.#d.guest, Source, detail.subpath).catch(() => undefined);
    return found?.path ?? `${Source}/${detail.subpath}`;
  }

  /** An empty volume takes over what the image has at its place, with its owner and mode. */
  async #copyUp(image: Image, volumes: readonly MountPoint[]): Promise<void> {
    const { guest } = this.#d;
    const places = await Promise.all(volumes.map((volume) => this.#placeOf(volume)));
    const listed = await guest.batch(places.map((path): Op => ({ op: "list", path, ignore: ["*"] })));
    const empty = volumes
      .map(({ Destination }, i) => ({ Destination, place: places[i] ?? "" }))
      .filter((_, i) => (listed[i] as readonly unknown[] | undefined)?.length === 0);
    if (empty.length === 0) return;
    const lowers = await this.#d.images.mountLayers(image);
    const scratch = `/run/drydock/copy-up-${newContainerId(this.#d.randomness).slice(0, 12)}`;
    await guest.batch([
      { op: "mkdir", path: scratch, parents: true, mode: 0o700 },
      {
        op: "mount",
        source: "overlay",
        target: scratch,
        type: "overlay",
        flags: ["ro"],
        data: `lowerdir=${[initLayer, ...lowers].join(":")}`,
      },
    ]);
    try {
      for (const volume of empty) {
        const from = await resolveInRoot(guest, { root: scratch }, volume.Destination);
        if (from?.stat.type !== "directory") continue;
        const { uid, gid, mode } = from.stat as FileStat;
        await guest.batch([
          { op: "copyTree", from: `${scratch}${from.path}`, to: volume.place },
          { op: "chown", path: volume.place, uid, gid },
          { op: "chmod", path: volume.place, mode },
        ]);
      }
    } catch (cause) {
      if (isEngineError(cause)) throw cause;
      throw new EngineError("system", `failed to copy the image's content into a volume: ${String(cause)}`, { cause });
    } finally {
      await guest.batch([
        { op: "umount", path: scratch, detach: true },
        { op: "rmdir", path: scratch },
      ]);
    }
  }
}

function hasPorts(host: HostConfig): boolean {
  return Object.keys(host.PortBindings).length > 0;
}

/** A port that is published is exposed. */
function withExposedBindings(record: ContainerRecord): ContainerRecord {
  const { config, hostConfig } = record;
  if (!hasPorts(hostConfig)) return record;
  const ports = Object.fromEntries(
    Object.keys(hostConfig.PortBindings).map((port) => [
      port.includes("/") ? port : `${port}/tcp`,
      {} as Record<string, never>,
    ]),
  );
  return { ...record, config: { ...config, ExposedPorts: { ...config.ExposedPorts, ...ports } } };
}

function endpointsOf(request: CreateRequest, host: HostConfig): Readonly<Record<string, EndpointSettings>> {
  if (host.NetworkMode.startsWith("container:") || request.config.NetworkDisabled === true) return {};
  const out: Record<string, EndpointSettings> = {};
  const main = request.endpoints[host.NetworkMode] ?? request.endpoints.default;
  out[host.NetworkMode] = {
    ...main,
    ...(request.config.MacAddress && !main?.MacAddress ? { MacAddress: request.config.MacAddress } : {}),
  };
  for (const [name, settings] of Object.entries(request.endpoints))
    if (name !== "default") out[name] ??= settings ?? {};
  return out;
}
