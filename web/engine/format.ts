/** Values in Docker's own words: sizes as go-units prints them, ids cut to 12, times relative. */
import { humanDuration, humanSize as sizeText } from "../../worker/go/units.ts";
import type { ContainerState, ContainerSummary, Port } from "./types.ts";

/** A size as `docker images` shows it, three digits wide ("1.84kB", "72.8MB"). */
export const humanSize = (bytes: number): string => sizeText(bytes, 3);

/** The same with a space, for prose and the foot: "84 MB". */
export const spacedSize = (bytes: number): string => humanSize(bytes).replace(/(\D+)$/, " $1");

export const shortId = (id: string): string => id.replace(/^sha256:/, "").slice(0, 12);

export function containerName(container: ContainerSummary): string {
  return container.Names[0]?.replace(/^\//, "") ?? shortId(container.Id);
}

export const ago = (seconds: number, now = Date.now() / 1000): string =>
  `${humanDuration(Math.max(0, now - seconds) * 1000)} ago`;
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
