/** `docker ps`: fields and formats. */

import { quoted } from "../../../go/strconv.ts";
import { goTime } from "../../../go/time.ts";
import { humanDuration, humanSize } from "../../../go/units.ts";
import type { ContainerSummary, PortSummary } from "../../api-types.ts";
import { familiar, parseReference } from "../../image/reference.ts";
import { Methods } from "../../template/value.ts";
import { ellipsis, naturalCompare, shortId } from "../text.ts";

export const containerHeaders = {
  ID: "CONTAINER ID",
  Names: "NAMES",
  Image: "IMAGE",
  Command: "COMMAND",
  CreatedAt: "CREATED AT",
  RunningFor: "CREATED",
  Ports: "PORTS",
  State: "STATE",
  Status: "STATUS",
  Size: "SIZE",
  Labels: "LABELS",
  Mounts: "MOUNTS",
  LocalVolumes: "LOCAL VOLUMES",
  Networks: "NETWORKS",
  Platform: "PLATFORM",
};

const table = "table {{.ID}}\\t{{.Image}}\\t{{.Command}}\\t{{.RunningFor}}\\t{{.Status}}\\t{{.Ports}}\\t{{.Names}}";
export const rawContainer = `container_id: {{.ID}}
image: {{.Image}}
command: {{.Command}}
created_at: {{.CreatedAt}}
state: {{- pad .State 1 0}}
status: {{- pad .Status 1 0}}
names: {{.Names}}
labels: {{- pad .Labels 1 0}}
ports: {{- pad .Ports 1 0}}
`;

export function containerFormat(source: string, quiet: boolean, size: boolean): string {
  switch (source) {
    case "":
    case "table":
      return quiet ? "{{.ID}}" : table + (size ? "\\t{{.Size}}" : "");
    case "raw":
      return quiet ? "container_id: {{.ID}}" : rawContainer + (size ? "size: {{.Size}}\\n" : "");
    default:
      return quiet ? "{{.ID}}" : source;
  }
}

export function containerRow(c: ContainerSummary, trunc: boolean, now: number): Methods {
  return new Methods("*formatter.ContainerContext", {
    ID: () => (trunc ? shortId(c.Id) : c.Id),
    Names: () => {
      const names = c.Names.map((n) => n.slice(1));
      const own = trunc ? names.find((n) => !n.includes("/")) : undefined;
      return own ?? names.join(",");
    },
    Image: () => imageName(c, trunc),
    Command: () => quoted(trunc ? ellipsis(c.Command, 20) : c.Command),
    CreatedAt: () => goTime(new Date(c.Created * 1000)),
    RunningFor: () => `${humanDuration(now - c.Created * 1000)} ago`,
    Platform: () => null,
    Ports: () => displayPorts(c.Ports ?? []),
    State: () => c.State,
    Status: () => c.Status,
    Size: () => {
      const own = humanSize(c.SizeRw ?? 0, 3);
      return (c.SizeRootFs ?? 0) > 0 ? `${own} (virtual ${humanSize(c.SizeRootFs ?? 0, 3)})` : own;
    },
    Labels: () => joinLabels(c.Labels),
    Label: (name: string) => c.Labels?.[name] ?? "",
    Mounts: () =>
      (c.Mounts ?? [])
        .map((m) => m.Name || m.Source || "")
        .map((name) => (trunc ? ellipsis(name, 15) : name))
        .join(","),
    LocalVolumes: () => String((c.Mounts ?? []).filter((m) => m.Driver === "local").length),
    Networks: () => Object.keys(c.NetworkSettings?.Networks ?? {}).join(","),
  });
}

export const joinLabels = (labels: Readonly<Record<string, string>> | null | undefined): string =>
  Object.entries(labels ?? {})
    .map(([k, v]) => `${k}=${v}`)
    .sort()
    .join(",");

function imageName(c: ContainerSummary, trunc: boolean): string {
  if (c.Image === "") return "<no image>";
  if (!trunc) return c.Image;
  const id = shortId(c.ImageID);
  if (id === shortId(c.Image)) return id;
  const reference = parseReference(c.Image);
  if (reference === undefined) return c.Image;
  // A digest beside a tag, or alone, is left out.
  return familiar({ ...reference, digest: undefined });
}

/** Consecutive ports that map to themselves are shown as a range. */
export function displayPorts(given: readonly PortSummary[]): string {
  const ports = [...given].sort(comparePorts);
  const groups = new Map<string, { first: number; last: number }>();
  const result: string[] = [];
  const mapped: string[] = [];
  for (const port of ports) {
    let key = port.Type;
    if (port.IP !== undefined && port.IP !== "") {
      if (port.PublicPort !== port.PrivatePort) {
        const host = port.IP.includes(":") ? `[${port.IP}]` : port.IP;
        mapped.push(`${host}:${port.PublicPort}->${port.PrivatePort}/${port.Type}`);
        continue;
      }
      key = `${port.IP}/${port.Type}`;
    }
    const group = groups.get(key);
    if (group !== undefined && port.PrivatePort === group.last + 1) {
      group.last = port.PrivatePort;
      continue;
    }
    if (group !== undefined) result.push(portGroup(key, group.first, group.last));
    if (group === undefined) groups.set(key, { first: port.PrivatePort, last: port.PrivatePort });
    else {
      group.first = port.PrivatePort;
      group.last = port.PrivatePort;
    }
  }
  for (const [key, { first, last }] of groups) result.push(portGroup(key, first, last));
  return [...result, ...mapped].join(", ");
}

function portGroup(key: string, first: number, last: number): string {
  const parts = key.split("/");
  const [ip, type] = parts.length > 1 ? [parts[0] ?? "", parts[1] ?? ""] : ["", key];
  const range = first === last ? String(first) : `${first}-${last}`;
  if (ip === "") return `${range}/${type}`;
  const host = ip.includes(":") ? `[${ip}]` : ip;
  return `${host}:${range}->${range}/${type}`;
}

function comparePorts(a: PortSummary, b: PortSummary): number {
  return (
    a.PrivatePort - b.PrivatePort ||
    naturalCompare(a.IP ?? "", b.IP ?? "") ||
    (a.PublicPort ?? 0) - (b.PublicPort ?? 0) ||
    naturalCompare(a.Type, b.Type)
  );
}
