/** Bodies of swarm operations, read and checked in the words of moby and swarmkit. */

import { typeName } from "../../go/json.ts";
import { syntaxError } from "../../go/strconv.ts";
import { EngineError } from "../errors.ts";
import { type ClusterSpec, type DataSpec, defaultSpec, type NodeSpec } from "./model.ts";

type Json = Readonly<Record<string, unknown>>;

const invalid = (message: string): EngineError => new EngineError("invalidParameter", message);
/** swarmkit refuses over gRPC, and moby passes its words on. */
export const refused = (code: string, message: string): EngineError =>
  new EngineError(
    code === "AlreadyExists" ? "conflict" : code === "Unknown" ? "system" : "invalidParameter",
    `rpc error: code = ${code} desc = ${message}`,
  );

export function readObject(value: unknown, type: string): Json {
  if (value === undefined) throw invalid("invalid JSON: got EOF while reading request body");
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid(`json: cannot unmarshal ${typeName(value)} into Go value of type ${type}`);
  return value as Json;
}

/** Go's decoder takes names in any case. */
export function field(object: Json, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  const known = Object.keys(object).find((key) => key.toLowerCase() === name.toLowerCase());
  return known === undefined ? undefined : object[known];
}

const object = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});
const text = (value: unknown): string => (typeof value === "string" ? value : "");

export function readLabels(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(object(value));
  const wrong = entries.find(([, label]) => typeof label !== "string");
  if (wrong !== undefined)
    throw invalid(`json: cannot unmarshal ${typeName(wrong[1])} into Go struct field .Labels of type string`);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** Parts that are given take the place of `base`'s, field by field. */
export function readClusterSpec(value: unknown, base: ClusterSpec = defaultSpec): ClusterSpec {
  const given = object(value);
  const name = text(field(given, "Name"));
  if (name !== "" && name !== "default") throw invalid('invalid Name: swarm spec must be named "default"');
  const part = (key: "Orchestration" | "Raft" | "Dispatcher" | "CAConfig" | "TaskDefaults"): Json => ({
    ...base[key],
    ...object(given[key]),
  });
  return {
    Name: "default",
    Labels: field(given, "Labels") === undefined ? base.Labels : readLabels(field(given, "Labels")),
    Orchestration: part("Orchestration"),
    Raft: part("Raft"),
    Dispatcher: part("Dispatcher"),
    CAConfig: part("CAConfig"),
    TaskDefaults: part("TaskDefaults"),
    EncryptionConfig: {
      AutoLockManagers: field(object(field(given, "EncryptionConfig")), "AutoLockManagers") === true,
    },
  };
}

const roles = ["manager", "worker"] as const;
const availabilities = ["active", "pause", "drain"] as const;

export function readNodeSpec(value: unknown): NodeSpec {
  const given = readObject(value, "swarm.NodeSpec");
  const role = roles.find((known) => known === field(given, "Role"));
  if (role === undefined) throw invalid(`invalid Role: ${JSON.stringify(text(field(given, "Role")))}`);
  const availability = availabilities.find((known) => known === field(given, "Availability"));
  if (availability === undefined)
    throw invalid(`invalid Availability: ${JSON.stringify(text(field(given, "Availability")))}`);
  const name = text(field(given, "Name"));
  return {
    ...(name !== "" && { Name: name }),
    Labels: readLabels(field(given, "Labels")),
    Role: role,
    Availability: availability,
  };
}

export type DataKind = "secret" | "config";
/** Bytes; more is refused. */
const limits: Readonly<Record<DataKind, number>> = { secret: 512_000, config: 1_024_000 };

export function readDataSpec(kind: DataKind, value: unknown): DataSpec {
  const given = readObject(value, `swarm.${kind === "secret" ? "SecretSpec" : "ConfigSpec"}`);
  const data = text(field(given, "Data"));
  const bytes = decodedLength(data);
  const driver = object(field(given, "Templating"));
  return {
    Name: text(field(given, "Name")),
    Labels: readLabels(field(given, "Labels")),
    Data: bytes === 0 ? "" : data,
    ...(text(field(driver, "Name")) !== "" && {
      Templating: {
        Name: text(field(driver, "Name")),
        ...(field(driver, "Options") !== undefined && { Options: readLabels(field(driver, "Options")) }),
      },
    }),
  };
}

/** What may be created; updates change labels alone. */
export function checkDataSpec(kind: DataKind, { Name, Data }: DataSpec): void {
  if (Name === "") throw refused("InvalidArgument", "name must be provided");
  if (!/^[a-zA-Z0-9]+(?:[a-zA-Z0-9-_.]*[a-zA-Z0-9])?$/.test(Name) || Name.length > 64)
    throw refused(
      "InvalidArgument",
      "invalid name, only 64 [a-zA-Z0-9-_.] characters allowed, and the start and end character must be [a-zA-Z0-9]",
    );
  const bytes = decodedLength(Data);
  if (bytes === 0 || bytes >= limits[kind])
    throw refused("InvalidArgument", `${kind} data must be larger than 0 and less than ${limits[kind]} bytes`);
}

function decodedLength(base64: string): number {
  try {
    return atob(base64).length;
  } catch (cause) {
    throw new EngineError("invalidParameter", "illegal base64 data at input byte 0", { cause });
  }
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** "ADDRESS[:PORT]"; interfaces are those of the machine. */
export function readListenAddress(value: unknown): Address {
  const given = text(value);
  if (given === "") throw invalid('invalid ListenAddr "": invalid empty address');
  return readAddress(given, "listen address must be an IP address or network interface (with optional port number)");
}

/** Where others would reach the node: as given, as listened on, or the machine's own address. */
export function readAdvertiseAddress(value: unknown, listen: Address): string {
  const given = text(value);
  if (given !== "") {
    const message = "advertise address must be a non-zero IP address or network interface (with optional port number)";
    const { host } = readAddress(given, message);
    if (host === "0.0.0.0" || host === "::") throw invalid(message);
    return host;
  }
  return listen.host === "0.0.0.0" || listen.host === "::" ? machineAddress : listen.host;
}

const machineAddress = "172.17.0.1";
const interfaces: Readonly<Record<string, string>> = { lo: "127.0.0.1", docker0: machineAddress, eth0: machineAddress };
const defaultPort = 2377;

function readAddress(given: string, message: string): Address {
  const match = /^(\[[0-9a-fA-F:]+\]|[^:]+|[0-9a-fA-F:]*::[0-9a-fA-F:]*)(?::(\d{1,5}))?$/.exec(given);
  const host = match?.[1]?.replace(/^\[(.*)\]$/, "$1") ?? "";
  const port = Number(match?.[2] ?? defaultPort);
  const address = interfaces[host] ?? host;
  const isAddress = /^(\d{1,3}\.){3}\d{1,3}$/.test(address) || address.includes(":");
  if (!isAddress || port > 65_535) throw invalid(message);
  return { host: address, port };
}

export function readVersion(kind: string, value: string | undefined): number {
  if (value !== undefined && /^\d+$/.test(value)) return Number(value);
  if (kind === "secret" || kind === "config") throw invalid(`invalid ${kind} version`);
  throw invalid(`invalid ${kind} version '${value ?? ""}': ${syntaxError("ParseUint", value ?? "")}`);
}
