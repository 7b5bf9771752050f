/** Values in Docker's own words: sizes as go-units prints them, ids cut to 12, times relative. */
import type { ContainerState, ContainerSummary, Port } from "./types.ts";

/** `units.HumanSize`: decimal units, four significant digits at most ("1.84kB", "72.8MB"). */
export function humanSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${Number(value.toPrecision(3))}${units[unit]}`;
}

/** The same with a space, for prose and the foot: "84 MB". */
export const spacedSize = (bytes: number): string => humanSize(bytes).replace(/(\D+)$/, " $1");

export const shortId = (id: string): string => id.replace(/^sha256:/, "").slice(0, 12);

export function containerName(container: ContainerSummary): string {
  return container.Names[0]?.replace(/^\//, "") ?? shortId(container.Id);
}

/** `units.HumanDuration`. */
export function humanDuration(seconds: number): string {
  if (seconds < 1) return "Less than a second";
  if (seconds < 2) return "1 second";
  if (seconds < 60) return `${Math.floor(seconds)} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.round(seconds / 3600);
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(hours / 24 / 365)} years`;
}

export const ago = (seconds: number, now = Date.now() / 1000): string =>
  `${humanDuration(Math.max(0, now - seconds))} ago`;
/** Within a sentence, where Docker's "About a minute ago" begins none. */
export const agoWithin = (seconds: number, now?: number): string =>
  ago(seconds, now).replace(/^[A-Z]/, (letter) => letter.toLowerCase());

/** Published ports, each once (Docker lists IPv4 and IPv6 apart), exposed ones without a host side. */
export function portList(ports: readonly Port[] = []): readonly string[] {
  const seen = new Set<string>();
  for (const { PublicPort, PrivatePort, Type } of ports) {
    const protocol = Type === "tcp" ? "" : `/${Type}`;
    if (PublicPort !== undefined) seen.add(`${PublicPort} → ${PrivatePort}${protocol}`);
  }
  return [...seen];
}

export function publishedPorts(containers: readonly ContainerSummary[]): readonly {
  readonly port: number;
  readonly container: ContainerSummary;
}[] {
  const found = new Map<number, ContainerSummary>();
  for (const container of containers)
    for (const port of container.Ports ?? [])
      if (port.PublicPort !== undefined && port.Type === "tcp") found.set(port.PublicPort, container);
  return [...found].map(([port, container]) => ({ port, container })).sort((a, b) => a.port - b.port);
}

export function dotClass(state: ContainerState): string {
  switch (state) {
    case "running":
      return "run";
    case "paused":
      return "pause";
    case "restarting":
    case "dead":
      return "bad";
    case "created":
    case "exited":
    case "removing":
      return "exit";
  }
}

export const isUp = (state: ContainerState): boolean =>
  state === "running" || state === "paused" || state === "restarting";

/** A shell in a container, as a person would type it. */
export const shellLine = (container: string): string => `docker exec -it ${shellQuote(container)} sh`;

/** One argument as a POSIX shell needs it. */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
