/** The tables of `docker node ls`, `service ls`, `secret ls` and `config ls`. */
import { humanDuration } from "../../../go/units.ts";
import { Methods } from "../../template/value.ts";
import type { Kind, Named } from "./named.ts";

export const title = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

export const tables: Readonly<
  Record<Kind, { readonly format: string; readonly headers: Readonly<Record<string, string>> }>
> = {
  node: {
    format:
      "table {{.ID}} {{if .Self}}*{{else}} {{ end }}\\t{{.Hostname}}\\t{{.Status}}\\t{{.Availability}}\\t{{.ManagerStatus}}\\t{{.EngineVersion}}",
    headers: {
      ID: "ID",
      Self: "",
      Hostname: "HOSTNAME",
      Status: "STATUS",
      Availability: "AVAILABILITY",
      ManagerStatus: "MANAGER STATUS",
      EngineVersion: "ENGINE VERSION",
    },
  },
  service: {
    format: "table {{.ID}}\\t{{.Name}}\\t{{.Mode}}\\t{{.Replicas}}\\t{{.Image}}\\t{{.Ports}}",
    headers: { ID: "ID", Name: "NAME", Mode: "MODE", Replicas: "REPLICAS", Image: "IMAGE", Ports: "PORTS" },
  },
  secret: {
    format: "table {{.ID}}\\t{{.Name}}\\t{{.Driver}}\\t{{.CreatedAt}}\\t{{.UpdatedAt}}",
    headers: {
      ID: "ID",
      Name: "NAME",
      Driver: "DRIVER",
      CreatedAt: "CREATED",
      UpdatedAt: "UPDATED",
      Labels: "LABELS",
    },
  },
  config: {
    format: "table {{.ID}}\\t{{.Name}}\\t{{.CreatedAt}}\\t{{.UpdatedAt}}",
    headers: { ID: "ID", Name: "NAME", CreatedAt: "CREATED", UpdatedAt: "UPDATED", Labels: "LABELS" },
  },
};

export function rowOf(kind: Kind, item: Named, now: number, self: string): Methods {
  const since = (text: string): string => `${humanDuration(now - Date.parse(text))} ago`;
  const task = item.Spec.TaskTemplate as { readonly ContainerSpec?: { readonly Image?: string } } | undefined;
  const mode = Object.keys((item.Spec.Mode as object | undefined) ?? { Replicated: {} })[0] ?? "Replicated";
  const manager = item.ManagerStatus;
  return new Methods(`*${kind}.${kind}Context`, {
    ID: () => item.ID,
    Self: () => item.ID === self,
    Hostname: () => item.Description?.Hostname ?? "",
    Status: () => title(item.Status?.State ?? ""),
    Availability: () => title(String(item.Spec.Availability ?? "")),
    ManagerStatus: () =>
      manager === undefined ? "" : manager.Leader === true ? "Leader" : title(manager.Reachability ?? ""),
    EngineVersion: () => item.Description?.Engine?.EngineVersion ?? "",
    Name: () => item.Spec.Name ?? "",
    Mode: () => mode.toLowerCase(),
    Replicas: () => `${item.ServiceStatus?.RunningTasks ?? 0}/${item.ServiceStatus?.DesiredTasks ?? 0}`,
    Image: () => (task?.ContainerSpec?.Image ?? "").replace(/@.*$/, ""),
    Ports: () => "",
    Driver: () => (item.Spec.Driver as { readonly Name?: string } | undefined)?.Name ?? "",
    CreatedAt: () => since(item.CreatedAt),
    UpdatedAt: () => since(item.UpdatedAt),
    Labels: () =>
      Object.entries(item.Spec.Labels ?? {})
        .map(([k, v]) => `${k}=${v}`)
        .join(","),
    Label: (name: string) => item.Spec.Labels?.[name] ?? "",
  });
}
