/** `docker volume ls`: fields. */

import { humanSize } from "../../../go/units.ts";
import type { VolumeSummary } from "../../api-types.ts";
import { Methods } from "../../template/value.ts";
import { joinLabels } from "./container.ts";

export const volumeHeaders = {
  ID: "ID",
  Name: "VOLUME NAME",
  Group: "GROUP",
  Driver: "DRIVER",
  Scope: "SCOPE",
  Availability: "AVAILABILITY",
  Mountpoint: "MOUNTPOINT",
  Labels: "LABELS",
  Links: "LINKS",
  Size: "SIZE",
  Status: "STATUS",
};

export function volumeRow(v: VolumeSummary): Methods {
  const usage = v.UsageData ?? undefined;
  return new Methods("*formatter.volumeContext", {
    Name: () => v.Name,
    Driver: () => v.Driver,
    Scope: () => v.Scope,
    Mountpoint: () => v.Mountpoint,
    Labels: () => joinLabels(v.Labels),
    Label: (name: string) => v.Labels?.[name] ?? "",
    Links: () => (usage === undefined ? "N/A" : String(usage.RefCount)),
    Size: () => (usage === undefined ? "N/A" : humanSize(usage.Size)),
    Group: () => "N/A",
    Availability: () => "N/A",
    Status: () => "N/A",
  });
}
