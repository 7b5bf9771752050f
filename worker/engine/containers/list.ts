/** `GET /containers/json`: which containers, and each as a summary (moby's daemon/list.go). Pure but for what it is given. */
import { syntaxError } from "../../go/strconv.ts";
import { humanDuration } from "../../go/units.ts";
import type { PortBindings, Sandbox } from "../domains.ts";
import { EngineError } from "../errors.ts";
import type { Container } from "./container.ts";
import { endpointsView, mountView, statusText } from "./inspect.ts";
import { isRunning } from "./predicates.ts";

export type Filters = Readonly<Record<string, readonly string[]>>;

const known: ReadonlySet<string> = new Set([
  "ancestor",
  "before",
  "exited",
  "expose",
  "health",
  "id",
  "is-task",
  "isolation",
  "label",
  "name",
  "network",
  "publish",
  "since",
  "status",
  "volume",
]);
const statuses = ["created", "running", "paused", "restarting", "removing", "exited", "dead"];
const healths = ["none", "starting", "healthy", "unhealthy"];

const invalid = (message: string): EngineError => new EngineError("invalidParameter", message);

export interface ListSurroundings {
  readonly find: (reference: string) => Container | undefined;
  readonly sandbox: (container: Container) => Sandbox | undefined;
  /** Ids of the images that a reference names, with all that descend from them. */
  readonly ancestors: ReadonlySet<string> | undefined;
}

export function checkListFilters(filters: Filters): void {
  for (const [name, values] of Object.entries(filters)) {
    if (!known.has(name)) throw invalid(`invalid filter '${name}'`);
    for (const value of values) {
      if (name === "status" && !statuses.includes(value))
        throw invalid(
          `invalid filter 'status=${value}': invalid value for state (${value}): must be one of ${statuses.join(", ")}`,
        );
      if (name === "exited" && !/^[+-]?\d+$/.test(value))
        throw invalid(`invalid filter 'exited=${value}': ${syntaxError("Atoi", value)}`);
      if (name === "health" && !healths.includes(value))
        throw invalid(
          `invalid filter 'health=${value}': invalid value for health (${value}): must be one of ${healths.join(", ")}`,
        );
      if (name === "is-task" && !/^(true|false|0|1)$/i.test(value))
        throw invalid(`invalid filter 'is-task=[${value}]'`);
      if ((name === "publish" || name === "expose") && parsePortFilter(value) === undefined)
        throw invalid(`error while looking up for ${name} ${value}: ${syntaxError("ParseUint", value)}`);
    }
  }
}

interface PortFilter {
  readonly first: number;
  readonly last: number;
  readonly protocol: string;
}

/** "80", "80/udp", "8000-8010/tcp". */
export function parsePortFilter(text: string): PortFilter | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/.exec(text);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return first > last || last > 65535 ? undefined : { first, last, protocol: match[3] ?? "tcp" };
}

function within(port: number, protocol: string, text: string): boolean {
  const filter = parsePortFilter(text);
  return filter !== undefined && filter.protocol === protocol && port >= filter.first && port <= filter.last;
}

/** Newest first. */
export function selectContainers(
  containers: readonly Container[],
  options: { readonly all: boolean; readonly limit: number | undefined; readonly filters: Filters },
  around: ListSurroundings,
): readonly Container[] {
  const { filters } = options;
  checkListFilters(filters);
  const limited = options.limit !== undefined && options.limit > 0;
  const all = options.all || limited || filters.status !== undefined || filters.exited !== undefined;
  // Newest first, also among those of one instant.
  const newest = containers.toReversed().sort((a, b) => Date.parse(b.record.created) - Date.parse(a.record.created));
  const bound = (name: "before" | "since"): number | undefined => {
    const reference = filters[name]?.[0];
    if (reference === undefined) return undefined;
    const found = around.find(reference);
    if (found === undefined) throw new EngineError("notFound", `No such container: ${reference}`);
    return newest.indexOf(found);
  };
  const before = bound("before") ?? -1;
  const since = bound("since");
  const chosen = newest
    .slice(before + 1, since)
    .filter(
      (c) =>
        (all || isRunning(c.state)) &&
        Object.entries(filters).every(([name, values]) => values.length === 0 || matches(c, name, values, around)),
    );
  return limited ? chosen.slice(0, options.limit) : chosen;
}

function matches(container: Container, name: string, values: readonly string[], around: ListSurroundings): boolean {
  const { record, state } = container;
  switch (name) {
    case "id":
      return values.some((v) => record.id.startsWith(v) || matchesPattern(record.id, v));
    case "name":
      return values.some((v) => matchesPattern(`/${record.name}`, v) || matchesPattern(record.name, v));
    case "label":
      return values.every((v) => labelMatches(record.config.Labels, v));
    case "status":
      return values.some((v) => v === state.status);
    case "exited":
      return state.status === "exited" && values.some((v) => Number(v) === state.exitCode);
    case "health":
      return values.some((v) => (container.health?.Status ?? "none") === v);
    case "ancestor":
      return around.ancestors === undefined || around.ancestors.has(record.image);
    case "volume":
      return record.mounts.some((m) => values.some((v) => v === m.Name || v === m.Destination || v === m.Source));
    case "network": {
      const endpoints = { ...record.networks, ...around.sandbox(container)?.endpoints };
      return values.some(
        (v) => Object.hasOwn(endpoints, v) || Object.values(endpoints).some((e) => e.NetworkID?.startsWith(v)),
      );
    }
    case "publish": {
      const ports = portViews(container, around.sandbox(container));
      return ports.some((p) => p.PublicPort !== undefined && values.some((v) => within(p.PublicPort ?? 0, p.Type, v)));
    }
    case "expose":
      return Object.keys(record.config.ExposedPorts ?? {}).some((port) => {
        const [number = "", protocol = "tcp"] = port.split("/");
        return values.some((v) => within(Number(number), protocol, v));
      });
    case "is-task":
      return values.some((v) => /^(false|0)$/i.test(v));
    case "isolation":
      return values.some((v) => v === record.hostConfig.Isolation || v === "default");
    default:
      return true;
  }
}

function matchesPattern(text: string, pattern: string): boolean {
  try {
    return new RegExp(pattern).test(text);
  } catch {
    return text.includes(pattern);
  }
}

export function labelMatches(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const at = wanted.indexOf("=");
  return at < 0 ? Object.hasOwn(labels, wanted) : labels[wanted.slice(0, at)] === wanted.slice(at + 1);
}

export interface PortView {
  readonly IP?: string;
  readonly PrivatePort: number;
  readonly PublicPort?: number;
  readonly Type: string;
}

export function portViews(container: Container, sandbox: Sandbox | undefined): readonly PortView[] {
  const ports: PortBindings = sandbox?.ports ?? {};
  if (!isRunning(container.state)) return [];
  const all = new Map<string, PortBindings[string]>(
    Object.keys(container.record.config.ExposedPorts ?? {}).map((port) => [
      port.includes("/") ? port : `${port}/tcp`,
      null,
    ]),
  );
  for (const [port, bindings] of Object.entries(ports)) all.set(port, bindings);
  return [...all].flatMap(([port, bindings]): PortView[] => {
    const [number = "0", Type = "tcp"] = port.split("/");
    const PrivatePort = Number(number);
    if (bindings === null || bindings === undefined || bindings.length === 0) return [{ PrivatePort, Type }];
    return bindings.map(({ HostIp = "", HostPort = "" }) => ({
      IP: HostIp,
      PrivatePort,
      PublicPort: Number(HostPort),
      Type,
    }));
  });
}

/** `image`: what the name that it was created from means by now; the id stands for a name that means another image, or none. */
export function summaryView(
  container: Container,
  image: string | undefined,
  sandbox: Sandbox | undefined,
  links: readonly string[],
  now: number,
  sizes?: { readonly rw: number; readonly rootFs: number },
): object {
  const { record, state } = container;
  const annotations = record.hostConfig.Annotations;
  return {
    Id: record.id,
    Names: [record.name, ...links].map((name) => `/${name}`),
    Image: image === record.image ? record.config.Image : record.image,
    ImageID: record.image,
    Command: commandText(record.path, record.args),
    Created: Math.floor(Date.parse(record.created) / 1000),
    Ports: portViews(container, sandbox),
    ...(sizes === undefined ? {} : { SizeRw: sizes.rw, SizeRootFs: sizes.rootFs }),
    Labels: record.config.Labels,
    State: state.status,
    Status: statusText(container, now, humanDuration),
    HostConfig: { NetworkMode: record.hostConfig.NetworkMode, ...(annotations ? { Annotations: annotations } : {}) },
    NetworkSettings: { Networks: endpointsView(container, sandbox) },
    Mounts: record.mounts.map(mountView),
  };
}

/** Arguments with spaces are quoted as Go's strconv would, as the daemon does for `ps`. */
function commandText(path: string, args: readonly string[]): string {
  if (args.length === 0) return path;
  return `${path} ${args.map((a) => (/ /.test(a) ? `'${a.replaceAll("'", "'\\''")}'` : a)).join(" ")}`;
}
