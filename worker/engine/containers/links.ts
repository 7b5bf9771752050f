/**
 * `--link`, Docker's oldest way to connect containers. A link gives the linked container a second name, "/<linking>/<alias>", and on the
 * default bridge the linking container variables that tell its address, its ports and its own variables (moby, daemon/links).
 */
import type { Sandbox } from "../domains.ts";
import { EngineError } from "../errors.ts";
import type { Container } from "./container.ts";
import type { ContainerRecord } from "./model.ts";
import type { ContainerStore } from "./store.ts";

export interface Link {
  /** What the configuration says: a name or an id. */
  readonly reference: string;
  readonly alias: string;
}

export function parseLink(text: string): Link {
  const [reference = "", alias = reference] = text.split(":");
  return { reference, alias };
}

export const linksOf = ({ hostConfig }: ContainerRecord): readonly Link[] => (hostConfig.Links ?? []).map(parseLink);

/** Whom a link leads to: of a container in another's network namespace, to that other one. */
export function linkedContainer(store: ContainerStore, reference: string): Container | undefined {
  const found = store.find(reference);
  const mode = found?.record.hostConfig.NetworkMode ?? "";
  const owner = mode.startsWith("container:") ? store.find(mode.slice("container:".length)) : undefined;
  return owner === undefined || owner === found ? found : linkedContainer(store, owner.id);
}

/** "web/db" or "/web/db": the container that web knows as db. */
export function findLinked(store: ContainerStore, reference: string): { from: Container; link: Link } | undefined {
  const [name, alias, ...rest] = reference.replace(/^\//, "").split("/");
  if (name === undefined || alias === undefined || rest.length > 0) return undefined;
  const from = store.all().find((container) => container.name === name);
  const link = from && linksOf(from.record).find((candidate) => candidate.alias === alias);
  return from && link && { from, link };
}

/** The names by which others have linked the container, without their first slash. */
export const linkNames = (store: ContainerStore, container: Container): readonly string[] =>
  store
    .all()
    .flatMap((other) =>
      linksOf(other.record)
        .filter(({ reference }) => store.find(reference) === container)
        .map(({ alias }) => `${other.name}/${alias}`),
    )
    .sort();

/** Takes a link away; the container that was linked stays. */
export async function removeLink(store: ContainerStore, reference: string): Promise<void> {
  const found = findLinked(store, reference);
  if (found === undefined) {
    store.get(reference);
    throw new EngineError("system", "Conflict, cannot remove the default link name of the container");
  }
  const { from, link } = found;
  const rest = (from.record.hostConfig.Links ?? []).filter((text) => parseLink(text).alias !== link.alias);
  const Links = rest.length === 0 ? null : rest;
  from.record = { ...from.record, hostConfig: { ...from.record.hostConfig, Links } };
  await store.save(from);
}

/** Of all links of a container on the default bridge. */
export function linkVariables(
  store: ContainerStore,
  sandboxOf: (container: Container) => Sandbox | undefined,
  { record }: Container,
): readonly string[] {
  if (record.hostConfig.NetworkMode !== "bridge" && record.hostConfig.NetworkMode !== "default") return [];
  return linksOf(record).flatMap(({ reference, alias }) => {
    const linked = linkedContainer(store, reference);
    const address = linked && sandboxOf(linked)?.endpoints.bridge?.IPAddress;
    if (linked === undefined || address === undefined || address === "") return [];
    const { config } = linked.record;
    return variablesOf({
      name: `/${record.name}/${alias}`,
      address,
      ports: Object.keys(config.ExposedPorts ?? {}).map(parsePort),
      variables: config.Env ?? [],
    });
  });
}

interface Port {
  readonly port: number;
  readonly protocol: string;
}

function parsePort(text: string): Port {
  const [port = "", protocol = "tcp"] = text.split("/");
  return { port: Number(port), protocol };
}

/** TCP first; then by number. */
const byPriority = (a: Port, b: Port): number =>
  Number(b.protocol === "tcp") - Number(a.protocol === "tcp") ||
  a.protocol.localeCompare(b.protocol) ||
  a.port - b.port;

function variablesOf(link: {
  readonly name: string;
  readonly address: string;
  readonly ports: readonly Port[];
  readonly variables: readonly string[];
}): readonly string[] {
  const { address } = link;
  const alias = link.name
    .slice(link.name.lastIndexOf("/") + 1)
    .toUpperCase()
    .replaceAll("-", "_");
  const ports = link.ports.toSorted(byPriority);
  const url = ({ port, protocol }: Port): string => `${protocol}://${address}:${port}`;
  const prefix = ({ port, protocol }: Port): string => `${alias}_PORT_${port}_${protocol.toUpperCase()}`;
  const own = link.variables.filter((variable) => variable.includes("=") && !/^(PATH|HOME)=/.test(variable));
  const range = ([first, last]: Run): readonly string[] => [
    `${prefix(first)}_START=${url(first)}`,
    `${prefix(first)}_PORT_START=${first.port}`,
    `${prefix(first)}_END=${url(last)}`,
    `${prefix(first)}_PORT_END=${last.port}`,
  ];
  return [
    ...ports.slice(0, 1).map((port) => `${alias}_PORT=${url(port)}`),
    ...ports.flatMap((port, i) => [
      `${prefix(port)}=${url(port)}`,
      `${prefix(port)}_ADDR=${address}`,
      `${prefix(port)}_PORT=${port.port}`,
      `${prefix(port)}_PROTO=${port.protocol}`,
      ...runsThatEnd(ports, i).flatMap(range),
    ]),
    `${alias}_NAME=${link.name}`,
    ...own.map((variable) => `${alias}_ENV_${variable}`),
  ];
}

/** Ports that follow each other without a gap, the first and the last. */
type Run = readonly [Port, Port];

const follows = (a: Port | undefined, b: Port | undefined): boolean =>
  a !== undefined && b !== undefined && a.protocol === b.protocol && a.port + 1 === b.port;

/** A run is told once its end is known: after its last port when nothing follows, else after the port that does not belong to it. */
function runsThatEnd(ports: readonly Port[], at: number): readonly Run[] {
  const isLast = at === ports.length - 1;
  const belongs = follows(ports[at - 1], ports[at]);
  if (belongs && !isLast) return [];
  const end = belongs ? at : at - 1;
  let start = end;
  while (follows(ports[start - 1], ports[start])) start--;
  const [first, last] = [ports[start], ports[end]];
  return first === undefined || last === undefined || start === end ? [] : [[first, last]];
}
