/**
 * What the engine's domains offer each other. A domain's own API (the operations that worker/api calls) is its service
 * class; here stands only what crosses from one domain to another, so that each can be tested with a fake of its neighbours.
 */

import type { Op } from "./ports/guest.ts";
import type { Digest } from "./ports/storage.ts";

export type ImageId = Digest;
/** 64 hex digits. */
export type ContainerId = string & { readonly __brand: "ContainerId" };
export type NetworkId = string & { readonly __brand: "NetworkId" };

// ---------------------------------------------------------------- events
/** As `GET /events` reports it (Engine API schema EventMessage). */
export interface EngineEvent {
  readonly Type:
    | "container"
    | "image"
    | "volume"
    | "network"
    | "daemon"
    | "builder"
    | "plugin"
    | "node"
    | "secret"
    | "config";
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly scope: "local";
  readonly time: number;
  /** Nanoseconds since 1970, as bigint-safe number string is not needed: Docker sends a JSON number. */
  readonly timeNano: number;
}
export interface EventSink {
  publish(type: EngineEvent["Type"], action: string, id: string, attributes: Readonly<Record<string, string>>): void;
}

// ---------------------------------------------------------------- images
/** The `config` of an OCI image configuration with Docker's additions (schema ImageConfig). */
export interface ImageConfig {
  readonly User?: string;
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Volumes?: Readonly<Record<string, Record<string, never>>>;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
  readonly Healthcheck?: HealthConfig;
  readonly Shell?: readonly string[];
  readonly OnBuild?: readonly string[];
  readonly ArgsEscaped?: boolean;
}
/** Durations in nanoseconds. */
export interface HealthConfig {
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly Retries?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
}
export interface Image {
  readonly id: ImageId;
  readonly config: ImageConfig;
  readonly architecture: string;
  readonly os: string;
  /** RFC 3339. */
  readonly created: string | undefined;
  /** Digests of the uncompressed layer tars (rootfs.diff_ids), base first. */
  readonly layers: readonly Digest[];
  readonly history: readonly ImageHistory[];
}
export interface ImageHistory {
  readonly created?: string;
  readonly created_by?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly empty_layer?: boolean;
}
export interface Images {
  /** By reference, id, or unique id prefix. Throws EngineError notFound "No such image: …". */
  /** `platform`, such as "linux/arm64": an image of another is none. */
  resolve(reference: string, platform?: string): Promise<Image>;
  get(id: ImageId): Image | undefined;
  /** Makes the layers' EROFS images mounted in the guest, and answers their mount points, topmost first (overlayfs `lowerdir` order). Cheap when they are already mounted. */
  mountLayers(image: Pick<Image, "layers">): Promise<readonly string[]>;
  /** Registers a new image. Its layer tars must be in the blob store (uncompressed, by diff id). Answers its id. */
  create(
    image: Omit<Image, "id">,
    options?: {
      readonly tags?: readonly string[];
      readonly author?: string;
      readonly comment?: string;
      readonly parent?: ImageId;
    },
  ): Promise<ImageId>;
  /** Lets layers go that were kept for containers only, after the last of them is gone. */
  releaseUnused(): Promise<void>;
  /** Turns an overlay's upper directory (a guest path) into a layer in the blob store; answers its diff id and size. */
  commitUpper(upper: string): Promise<{ readonly diffId: Digest; readonly size: number }>;
}
/** Told to the images' domain so that it refuses to remove what is in use. */
export interface ImageUsers {
  containersUsing(image: ImageId): readonly { readonly id: ContainerId; readonly running: boolean }[];
  /** Layers that stay though no image has them: the build cache's. */
  keptLayers?(): readonly Digest[];
}

// ---------------------------------------------------------------- volumes
export interface VolumeMountPoint {
  readonly name: string;
  readonly driver: string;
  /** Guest path that is bind-mounted into the container. */
  readonly source: string;
}
export interface Volumes {
  /** Finds or makes the volume (anonymous without `name`). */
  ensure(request: {
    readonly name?: string;
    readonly driver?: string;
    readonly driverOptions?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
    readonly anonymous?: boolean;
  }): Promise<VolumeMountPoint>;
  /** Operations that mount the volume's source where its driver options need it (e.g. `type=tmpfs`); usually none. */
  mountOps(name: string): Promise<readonly Op[]>;
  remove(name: string, options: { readonly force: boolean }): Promise<void>;
}
export interface VolumeUsers {
  containersUsing(volume: string): readonly ContainerId[];
}

// ---------------------------------------------------------------- networks
/** Schema EndpointSettings, with what the driver filled in. */
export interface EndpointSettings {
  IPAMConfig?: { IPv4Address?: string; IPv6Address?: string; LinkLocalIPs?: readonly string[] } | null;
  Links?: readonly string[] | null;
  Aliases?: readonly string[] | null;
  MacAddress?: string;
  DriverOpts?: Readonly<Record<string, string>> | null;
  GwPriority?: number;
  NetworkID?: string;
  EndpointID?: string;
  Gateway?: string;
  IPAddress?: string;
  IPPrefixLen?: number;
  IPv6Gateway?: string;
  GlobalIPv6Address?: string;
  GlobalIPv6PrefixLen?: number;
  DNSNames?: readonly string[] | null;
}
export type PortBindings = Readonly<
  Record<string, readonly { readonly HostIp?: string; readonly HostPort?: string }[] | null>
>;
export interface SandboxRequest {
  readonly container: ContainerId;
  readonly name: string;
  readonly hostname: string;
  readonly networkMode: string;
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
  readonly portBindings: PortBindings;
  readonly exposedPorts: readonly string[];
  readonly publishAllPorts: boolean;
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
  readonly extraHosts: readonly string[];
  /** `--link` on the default bridge: container id and alias. */
  readonly links: readonly { readonly container: ContainerId; readonly name: string; readonly alias: string }[];
  readonly sysctls: Readonly<Record<string, string>>;
}
export interface Sandbox {
  /** The network namespace to join; undefined for `host`. */
  readonly namespace: string | undefined;
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
  /** As NetworkSettings.Ports: what is really published. */
  readonly ports: PortBindings;
  /** Contents for /etc/hosts and /etc/resolv.conf. */
  readonly hosts: string;
  readonly resolvConf: string;
  /** SandboxKey and SandboxID of `docker inspect`. */
  readonly key: string;
  readonly id: string;
}
export interface Networks {
  /** Checks what `create` must refuse. A network that is missing is reported when the container starts, as dockerd does. */
  validate(request: Pick<SandboxRequest, "endpoints">): void;
  /** Makes or takes a ready-made namespace, connects it, publishes ports. All or nothing. */
  openSandbox(request: SandboxRequest): Promise<Sandbox>;
  /**
   * `untouched`: no process that could change the network namespace has been in it (none privileged, none with CAP_NET_ADMIN or
   * CAP_SYS_ADMIN, nobody joined it), and none is left in it. Then it may serve another container, which saves making a new one.
   */
  closeSandbox(container: ContainerId, options?: { readonly untouched?: boolean }): Promise<void>;
  /** Of a running container: live connect and disconnect answer the new state. */
  sandbox(container: ContainerId): Sandbox | undefined;
  /** A container has a new name: it answers to that one on its networks. */
  renamed(container: ContainerId, name: string): void;
}
/** What the networks' domain asks the containers' domain for `connect`, `disconnect` and `inspect`. */
export interface NetworkUsers {
  find(
    reference: string,
  ):
    | { readonly id: ContainerId; readonly name: string; readonly running: boolean; readonly networkMode: string }
    | undefined;
  /** Containers, running or not, whose configuration names the network. */
  containersUsing(
    network: NetworkId | string,
  ): readonly { readonly id: ContainerId; readonly name: string; readonly running: boolean }[];
  /** Persists changed endpoint configuration of a container. */
  endpointChanged(container: ContainerId, network: string, settings: EndpointSettings | undefined): Promise<void>;
  /** Writes the file in the running container's view (it is bind-mounted from the engine's directory). */
  rewriteNetworkFiles(
    container: ContainerId,
    files: { readonly hosts: string; readonly resolvConf: string },
  ): Promise<void>;
}
