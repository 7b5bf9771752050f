/** `--publish` and `--expose`: go-connections/nat's port specifications. */
import { rangeError, syntaxError } from "../../go/strconv.ts";
import type { PortBinding } from "../api-types.ts";
import { isIpv4, isIpv6 } from "../flags/checks.ts";
import { cut } from "../flags/values.ts";
import { CliError } from "../session/errors.ts";

export interface Ports {
  readonly exposed: Record<string, Record<string, never>>;
  readonly bindings: Record<string, PortBinding[]>;
}

function portNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(syntaxError("ParseUint", text));
  const port = Number(text);
  if (port > 65_535) throw new Error(rangeError("ParseUint", text));
  return port;
}

function portRange(text: string): readonly [number, number] {
  if (text === "") throw new Error("empty string specified for ports");
  if (!text.includes("-")) {
    const port = portNumber(text);
    return [port, port];
  }
  const [from = "", to = ""] = text.split("-");
  const first = portNumber(from);
  const last = portNumber(to);
  if (last < first) throw new Error(`invalid range specified for port: ${text}`);
  return [first, last];
}

function splitProtocol(text: string): readonly [string, string] {
  const [port = "", protocol = ""] = text.split("/");
  if (port === "") return ["", ""];
  return [protocol === "" ? "tcp" : protocol, port];
}

function tryRange(text: string, message: string): readonly [number, number] {
  try {
    return portRange(text);
  } catch {
    throw new CliError(message);
  }
}

/** "target=80,published=8080,protocol=tcp" to the short form. */
function shortForm(spec: string): string {
  if (!spec.includes("=")) return spec;
  const params: Record<string, string> = { protocol: "tcp" };
  for (const param of spec.split(",")) {
    const [key, value, ok] = cut(param, "=");
    if (!ok || key === "") throw new CliError(`invalid publish opts format (should be name=value but got '${param}')`);
    params[key] = value;
  }
  return `${params.published ?? ""}:${params.target ?? ""}/${params.protocol}`;
}

export function parsePorts(publish: readonly string[], expose: readonly string[]): Ports {
  const ports: Ports = { exposed: {}, bindings: {} };
  for (const spec of publish.map(shortForm)) addPublished(ports, spec);
  for (const spec of expose) addExposed(ports, spec);
  return ports;
}

function addPublished({ exposed, bindings }: Ports, spec: string): void {
  const parts = spec.split(":");
  const [protocol, containerPort] = splitProtocol(parts.at(-1) ?? "");
  const hostPort = parts.length > 1 ? (parts.at(-2) ?? "") : "";
  let ip = parts.slice(0, -2).join(":");
  if (ip.startsWith("[")) {
    if (!ip.endsWith("]")) throw new CliError(`invalid IP address ${ip}: address ${ip}:: missing ']' in address`);
    ip = ip.slice(1, -1);
  }
  if (ip !== "" && !isIpv4(ip) && !isIpv6(ip)) throw new CliError(`invalid IP address: ${ip}`);
  if (containerPort === "") throw new CliError(`no port specified: ${spec}<empty>`);
  const [first, last] = tryRange(containerPort, `invalid containerPort: ${containerPort}`);
  const [hostFirst, hostLast] = hostPort === "" ? [0, 0] : tryRange(hostPort, `invalid hostPort: ${hostPort}`);
  if (hostPort !== "" && last - first !== hostLast - hostFirst && last !== first)
    throw new CliError(`invalid ranges specified for container and host Ports: ${containerPort} and ${hostPort}`);
  if (!["tcp", "udp", "sctp"].includes(protocol.toLowerCase())) throw new CliError(`invalid proto: ${protocol}`);
  for (let i = 0; i <= last - first; i++) {
    const key = `${first + i}/${protocol.toLowerCase()}`;
    exposed[key] = {};
    const host = hostPort === "" ? "" : String(hostFirst + i);
    const range = first === last && hostFirst !== hostLast ? `${host}-${hostLast}` : host;
    const list = bindings[key] ?? [];
    list.push({ HostIp: ip, HostPort: range });
    bindings[key] = list;
  }
}

function addExposed({ exposed }: Ports, spec: string): void {
  if (spec.includes(":")) throw new CliError(`invalid port format for --expose: ${spec}`);
  const [protocol, port] = splitProtocol(spec);
  let range: readonly [number, number];
  try {
    range = portRange(port);
  } catch (error) {
    throw new CliError(`invalid range format for --expose: ${spec}, error: ${(error as Error).message}`);
  }
  for (let i = range[0]; i <= range[1]; i++) exposed[`${i}/${protocol}`] ??= {};
}
