/** BuildKit's messages as plain objects: fields that are not there have their default, 64-bit numbers are numbers, bytes are arrays. */
import { readFileSync } from "node:fs";
import protobuf from "protobufjs";

const root = protobuf.parse(readFileSync(new URL("buildkit.proto", import.meta.url), "utf8"), { keepCase: true }).root;

export interface Codec<T> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

/** `name`: of a message in buildkit.proto. */
function codec<T extends object>(name: string): Codec<T> {
  const type = root.lookupType(name);
  return {
    encode: (value) => type.encode(type.fromObject(value)).finish(),
    decode: (bytes) =>
      type.toObject(type.decode(bytes), { longs: Number, defaults: true, arrays: true, objects: true }) as T,
  };
}

export interface Time {
  readonly seconds: number;
  readonly nanos: number;
}
export const timeOf = (rfc3339: string | undefined): Time | undefined => {
  if (rfc3339 === undefined || rfc3339 === "") return undefined;
  const ms = Date.parse(rfc3339);
  return { seconds: Math.floor(ms / 1000), nanos: (((ms % 1000) + 1000) % 1000) * 1e6 };
};

export interface Typed {
  readonly Type: string;
  readonly Attrs: Readonly<Record<string, string>>;
}
export interface ControlSolveRequest {
  readonly Ref: string;
  readonly ExporterDeprecated: string;
  readonly ExporterAttrsDeprecated: Readonly<Record<string, string>>;
  readonly Session: string;
  readonly Frontend: string;
  readonly FrontendAttrs: Readonly<Record<string, string>>;
  readonly Cache: { readonly Exports: readonly Typed[]; readonly Imports: readonly Typed[] } | null;
  readonly Entitlements: readonly string[];
  readonly Exporters: readonly Typed[];
}
export interface GatewaySolveRequest {
  readonly Frontend: string;
  readonly FrontendOpt: Readonly<Record<string, string>>;
  readonly CacheImports: readonly Typed[];
}
export interface RpcStatus {
  readonly code: number;
  readonly message: string;
  readonly details?: readonly { readonly type_url: string; readonly value: Uint8Array }[];
}
export interface Stat {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Nanoseconds since 1970. */
  readonly modTime: number;
  readonly linkname: string;
}
export interface Packet {
  readonly type: number;
  readonly stat?: Stat | null;
  readonly ID?: number;
  readonly data?: Uint8Array;
}

export const messages = {
  bytes: codec<{ readonly data: Uint8Array }>("BytesMessage"),
  empty: codec<object>("Empty"),
  controlSolve: codec<ControlSolveRequest>("ControlSolveRequest"),
  controlSolved: codec<{ readonly ExporterResponse: Readonly<Record<string, string>> }>("ControlSolveResponse"),
  statusRequest: codec<{ readonly Ref: string }>("StatusRequest"),
  status: codec<object>("StatusResponse"),
  workers: codec<object>("ListWorkersResponse"),
  info: codec<object>("InfoResponse"),
  diskUsage: codec<object>("DiskUsageResponse"),
  usageRecord: codec<object>("UsageRecord"),
  prune: codec<{
    readonly filter: readonly string[];
    readonly all: boolean;
    readonly reservedSpace: number;
    readonly maxUsedSpace: number;
    readonly minFreeSpace: number;
  }>("PruneRequest"),
  historyRequest: codec<{ readonly ActiveOnly: boolean; readonly Ref: string; readonly EarlyExit: boolean }>(
    "BuildHistoryRequest",
  ),
  historyUpdate: codec<{ readonly Ref: string; readonly Delete: boolean }>("UpdateBuildHistoryRequest"),
  historyEvent: codec<object>("BuildHistoryEvent"),
  pong: codec<object>("PongResponse"),
  gatewaySolve: codec<GatewaySolveRequest>("GatewaySolveRequest"),
  gatewaySolved: codec<object>("GatewaySolveResponse"),
  returned: codec<{ readonly error: RpcStatus | null }>("ReturnRequest"),
  rpcStatus: codec<RpcStatus>("RpcStatus"),
  packet: codec<Packet>("Packet"),
  secretRequest: codec<{ readonly ID: string }>("GetSecretRequest"),
  secret: codec<{ readonly data: Uint8Array }>("GetSecretResponse"),
  checkAgent: codec<{ readonly ID: string }>("CheckAgentRequest"),
  credentialsRequest: codec<{ readonly Host: string }>("CredentialsRequest"),
  credentials: codec<{ readonly Username: string; readonly Secret: string }>("CredentialsResponse"),
};
