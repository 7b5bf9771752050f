/** Published ports: what `-p` and `-P` ask for, and who has which port of the machine (libnetwork's port allocator). */
import type { PortBindings } from "../domains.ts";
import { EngineError } from "../errors.ts";
import type { PortRequest, PublishedPort } from "./model.ts";

type Protocol = PublishedPort["protocol"];
const isProtocol = (text: string): text is Protocol => ["tcp", "udp", "sctp"].includes(text);

/** Docker's ephemeral range: net.ipv4.ip_local_port_range's first, up to the usual last. */
export const ephemeralPorts = { first: 32768, last: 60999 } as const;

/** "80/tcp", "80" or "80-82/udp". */
export function parseContainerPorts(
  text: string,
): { readonly ports: readonly number[]; readonly protocol: Protocol } | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(\w+))?$/.exec(text);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  const protocol = match[3]?.toLowerCase() ?? "tcp";
  if (!isProtocol(protocol) || first > last || last > 65535) return undefined;
  return { ports: Array.from({ length: last - first + 1 }, (_, i) => first + i), protocol };
}

function parseHostPorts(text: string | undefined): PortRequest["hostPorts"] {
  if (text === undefined || text === "" || text === "0") return undefined;
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = match?.[2] === undefined ? first : Number(match[2]);
  if (match === null || first > last || last > 65535)
    throw new EngineError("invalidParameter", `invalid port specification: ${JSON.stringify(text)}`);
  return { first, last };
}

export function portRequests(
  bindings: PortBindings,
  exposed: readonly string[],
  publishAll: boolean,
): readonly PortRequest[] {
  const requests: PortRequest[] = [];
  const add = (key: string, hostIp: string, hostPorts: PortRequest["hostPorts"]): void => {
    const parsed = parseContainerPorts(key);
    if (parsed === undefined)
      throw new EngineError("invalidParameter", `invalid port specification: ${JSON.stringify(key)}`);
    for (const containerPort of parsed.ports)
      requests.push({ containerPort, protocol: parsed.protocol, hostIp, hostPorts });
  };
  for (const [key, list] of Object.entries(bindings))
    for (const { HostIp, HostPort } of list ?? []) add(key, HostIp ?? "", parseHostPorts(HostPort));
  if (publishAll) {
    const bound = new Set(requests.map((request) => `${request.containerPort}/${request.protocol}`));
    for (const key of exposed) {
      const parsed = parseContainerPorts(key);
      for (const port of parsed?.ports ?? [])
        if (!bound.has(`${port}/${parsed?.protocol}`)) add(`${port}/${parsed?.protocol}`, "", undefined);
    }
  }
  // As libnetwork sorts them: exact host ports first, then by container port.
  const isExact = ({ hostPorts }: PortRequest): boolean =>
    hostPorts !== undefined && hostPorts.first === hostPorts.last;
  return requests.sort(
    (a, b) =>
      Number(isExact(b)) - Number(isExact(a)) ||
      a.containerPort - b.containerPort ||
      a.protocol.localeCompare(b.protocol),
  );
}

/** A port that is taken on an address; "0.0.0.0" and "::" stand for all of their family. */
export interface TakenPort {
  readonly protocol: Protocol;
  readonly hostIp: string;
  readonly hostPort: number;
}

const familyOf = (ip: string): 4 | 6 => (ip.includes(":") ? 6 : 4);
const isAny = (ip: string): boolean => ip === "0.0.0.0" || ip === "::";

function conflicts(a: TakenPort, b: TakenPort): boolean {
  if (a.protocol !== b.protocol || a.hostPort !== b.hostPort || familyOf(a.hostIp) !== familyOf(b.hostIp)) return false;
  return a.hostIp === b.hostIp || isAny(a.hostIp) || isAny(b.hostIp);
}

export interface PortAllocation {
  readonly ports: readonly PublishedPort[];
  readonly lastEphemeral: number;
}

export interface AllocationContext {
  /** By endpoints of other containers. */
  readonly allocated: readonly TakenPort[];
  /** By sockets in the machine. */
  readonly listening: readonly TakenPort[];
  /** Address families that a request without an address is published on: Docker binds "::" on IPv4-only networks too. */
  readonly defaultAddresses: readonly string[];
  /** The container's address, for messages. */
  readonly endpointAddress: string;
  readonly lastEphemeral: number;
}

/**
 * Finds a host port for each request, the same on all its addresses. A taken port throws in Docker's words; a range takes the first
 * that is free; ephemeral ports count upwards from the last one given.
 */
export function allocatePorts(requests: readonly PortRequest[], context: AllocationContext): PortAllocation {
  const taken: TakenPort[] = [...context.allocated];
  const ports: PublishedPort[] = [];
  let lastEphemeral = context.lastEphemeral;
  for (const request of requests) {
    const addresses = request.hostIp === "" ? context.defaultAddresses : [request.hostIp];
    const at = (hostPort: number): readonly TakenPort[] =>
      addresses.map((hostIp) => ({ protocol: request.protocol, hostIp, hostPort }));
    const free = (candidates: readonly TakenPort[]): boolean =>
      !candidates.some((candidate) => taken.some((other) => conflicts(candidate, other)));
    const unheard = (candidates: readonly TakenPort[]): boolean =>
      !candidates.some((candidate) => context.listening.some((other) => conflicts(candidate, other)));
    const chosen = choose(request, { at, free, unheard }, context.endpointAddress, lastEphemeral);
    if (request.hostPorts === undefined) lastEphemeral = chosen[0]?.hostPort ?? lastEphemeral;
    taken.push(...chosen);
    ports.push(...chosen.map((port) => ({ ...port, containerPort: request.containerPort })));
  }
  return { ports, lastEphemeral };
}

interface Candidates {
  at(port: number): readonly TakenPort[];
  free(candidates: readonly TakenPort[]): boolean;
  unheard(candidates: readonly TakenPort[]): boolean;
}

function choose(
  request: PortRequest,
  { at, free, unheard }: Candidates,
  endpointAddress: string,
  lastEphemeral: number,
): readonly TakenPort[] {
  const range = request.hostPorts;
  if (range === undefined) {
    const count = ephemeralPorts.last - ephemeralPorts.first + 1;
    for (let step = 1; step <= count; step++) {
      const candidates = at(ephemeralPorts.first + ((lastEphemeral - ephemeralPorts.first + step + count) % count));
      if (free(candidates) && unheard(candidates)) return candidates;
    }
    throw new EngineError("system", "all ports are allocated");
  }
  if (range.first === range.last) {
    const candidates = at(range.first);
    const ip = request.hostIp === "" ? "0.0.0.0" : request.hostIp;
    if (!free(candidates))
      throw new EngineError("system", `Bind for ${hostText(ip, range.first)} failed: port is already allocated`);
    if (!unheard(candidates))
      throw new EngineError(
        "system",
        `failed to bind host port for ${hostText(ip, range.first)}:${hostText(endpointAddress, request.containerPort)}/${request.protocol}: address already in use`,
      );
    return candidates;
  }
  for (let port = range.first; port <= range.last; port++) {
    const candidates = at(port);
    if (free(candidates) && unheard(candidates)) return candidates;
  }
  throw new EngineError("system", "all ports are allocated");
}

const hostText = (ip: string, port: number): string => (ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`);

/** As NetworkSettings.Ports: published ports by container port, exposed but unpublished ones as null. */
export function portsReport(published: readonly PublishedPort[], exposed: readonly string[]): PortBindings {
  const byPort = new Map<string, { HostIp: string; HostPort: string }[] | null>();
  for (const key of exposed) {
    const parsed = parseContainerPorts(key);
    for (const port of parsed?.ports ?? []) byPort.set(`${port}/${parsed?.protocol}`, null);
  }
  for (const port of published) {
    const key = `${port.containerPort}/${port.protocol}`;
    const list = byPort.get(key) ?? [];
    list.push({ HostIp: port.hostIp, HostPort: String(port.hostPort) });
    byPort.set(key, list);
  }
  return Object.fromEntries([...byPort].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
