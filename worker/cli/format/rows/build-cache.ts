/** The build cache in `docker system df -v`: fields. */

import { goTimeOf } from "../../../go/time.ts";
import { humanDuration, humanSize } from "../../../go/units.ts";
import type { BuildCacheRecord } from "../../api-types.ts";
import { Methods } from "../../template/value.ts";
import { shortId } from "../text.ts";

export const buildCacheHeaders = {
  ID: "CACHE ID",
  Parent: "PARENT",
  CacheType: "CACHE TYPE",
  Size: "SIZE",
  CreatedSince: "CREATED",
  LastUsedSince: "LAST USED",
  UsageCount: "USAGE",
  InUse: "IN USE",
  Shared: "SHARED",
  Description: "DESCRIPTION",
};

export function buildCacheRow(record: BuildCacheRecord, trunc: boolean, now: number): Methods {
  const since = (text: string): string => `${humanDuration(now - Date.parse(text))} ago`;
  const parents = (record.Parents ?? []).join(", ");
  return new Methods("*formatter.buildCacheContext", {
    ID: () => (trunc ? shortId(record.ID) : record.ID) + (record.InUse ? "*" : ""),
    Parent: () => (trunc ? shortId(parents) : parents),
    CacheType: () => record.Type,
    Description: () => record.Description,
    CreatedAt: () => goTimeOf(record.CreatedAt),
    CreatedSince: () => since(record.CreatedAt),
    LastUsedAt: () => (record.LastUsedAt ? goTimeOf(record.LastUsedAt) : ""),
    LastUsedSince: () => (record.LastUsedAt ? since(record.LastUsedAt) : ""),
    Size: () => humanSize(record.Size),
    UsageCount: () => String(record.UsageCount),
    InUse: () => String(record.InUse),
    Shared: () => String(record.Shared),
  });
}

/** Longest unused first. */
export const byLastUse = (records: readonly BuildCacheRecord[]): readonly BuildCacheRecord[] =>
  records.toSorted((a, b) => {
    const [x, y] = [a.LastUsedAt ?? "", b.LastUsedAt ?? ""];
    return x === y ? (a.ID < b.ID ? -1 : 1) : x < y ? -1 : 1;
  });
