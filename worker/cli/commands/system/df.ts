/** `docker system df`. */

import { humanSize } from "../../../go/units.ts";
import type { BuildCacheRecord, ContainerSummary, ImageSummary, VolumeSummary } from "../../api-types.ts";
import { formatRows, parseTemplate } from "../../format/formatter.ts";
import { buildCacheHeaders, buildCacheRow, byLastUse } from "../../format/rows/build-cache.ts";
import { containerHeaders, containerRow, rawContainer } from "../../format/rows/container.ts";
import { imageFormat, imageHeaders, imageNames, imageRow } from "../../format/rows/image.ts";
import { volumeHeaders, volumeRow } from "../../format/rows/volume.ts";
import type { Context, Handler } from "../../session/context.ts";
import { CliError, messageOf } from "../../session/errors.ts";
import { TemplateError } from "../../template/index.ts";
import { Methods, struct } from "../../template/value.ts";

interface DiskUsage {
  readonly LayersSize: number;
  readonly Images: readonly ImageSummary[] | null;
  readonly Containers: readonly ContainerSummary[] | null;
  readonly Volumes: readonly VolumeSummary[] | null;
  readonly BuildCache: readonly BuildCacheRecord[] | null;
}

const headers = { Type: "TYPE", TotalCount: "TOTAL", Active: "ACTIVE", Size: "SIZE", Reclaimable: "RECLAIMABLE" };
const rawBuildCache =
  "build_cache_id: {{.ID}}\nparent_id: {{.Parent}}\nbuild_cache_type: {{.CacheType}}\ndescription: {{.Description}}\ncreated_at: {{.CreatedAt}}\ncreated_since: {{.CreatedSince}}\nlast_used_at: {{.LastUsedAt}}\nlast_used_since: {{.LastUsedSince}}\nusage_count: {{.UsageCount}}\nin_use: {{.InUse}}\nshared: {{.Shared}}\n";

export const df: Handler = async (context) => {
  const { flags, client, out } = context;
  const usage = await client.get<DiskUsage>("/system/df");
  const format = flags.string("format") || "table";
  if (flags.bool("verbose")) out.print(verbose(context, usage, format));
  else {
    const source =
      format === "table"
        ? "table {{.Type}}\\t{{.TotalCount}}\\t{{.Active}}\\t{{.Size}}\\t{{.Reclaimable}}"
        : format === "raw"
          ? "type: {{.Type}}\ntotal: {{.TotalCount}}\nactive: {{.Active}}\nsize: {{.Size}}\nreclaimable: {{.Reclaimable}}\n"
          : format;
    out.print(formatRows(source, headers, summaries(usage)));
  }
  return 0;
};

interface Summary {
  readonly type: string;
  readonly total: number;
  readonly active: number;
  readonly size: number;
  readonly reclaimable: number;
  readonly percent: boolean;
}

function row({ type, total, active, size, reclaimable, percent }: Summary): Methods {
  const share = percent && size > 0 ? ` (${Math.trunc((reclaimable * 100) / size)}%)` : "";
  const kind = { Images: "Images", Containers: "Containers", "Local Volumes": "Volumes" }[type] ?? "Builder";
  return new Methods(`*formatter.diskUsage${kind}Context`, {
    Type: () => type,
    TotalCount: () => String(total),
    Active: () => String(active),
    Size: () => humanSize(size),
    Reclaimable: () => humanSize(reclaimable) + share,
  });
}

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0);
const cacheSize = (records: readonly BuildCacheRecord[]): number =>
  sum(
    records.filter((r) => !r.Shared),
    (r) => r.Size,
  );

function summaries(usage: DiskUsage): readonly Methods[] {
  const images = usage.Images ?? [];
  const containers = usage.Containers ?? [];
  const volumes = usage.Volumes ?? [];
  const cache = usage.BuildCache ?? [];
  const known = images.filter((i) => i.Containers !== 0 && i.Size !== -1 && i.SharedSize !== -1);
  const isActive = ({ State }: ContainerSummary): boolean => ["running", "paused", "restarting"].includes(State);
  const sized = volumes.filter((v) => (v.UsageData?.Size ?? -1) !== -1);
  return [
    row({
      type: "Images",
      total: images.length,
      active: images.filter((i) => i.Containers > 0).length,
      size: usage.LayersSize,
      reclaimable: usage.LayersSize - sum(known, (i) => i.Size - i.SharedSize),
      percent: true,
    }),
    row({
      type: "Containers",
      total: containers.length,
      active: containers.filter(isActive).length,
      size: sum(containers, (c) => c.SizeRw ?? 0),
      reclaimable: sum(
        containers.filter((c) => !isActive(c)),
        (c) => c.SizeRw ?? 0,
      ),
      percent: true,
    }),
    row({
      type: "Local Volumes",
      total: volumes.length,
      active: volumes.filter((v) => (v.UsageData?.RefCount ?? 0) > 0).length,
      size: sum(sized, (v) => v.UsageData?.Size ?? 0),
      reclaimable: sum(
        sized.filter((v) => v.UsageData?.RefCount === 0),
        (v) => v.UsageData?.Size ?? 0,
      ),
      percent: true,
    }),
    row({
      type: "Build Cache",
      total: cache.length,
      active: cache.filter((r) => r.InUse).length,
      size: cacheSize(cache),
      reclaimable:
        cacheSize(cache) -
        sum(
          cache.filter((r) => r.InUse && !r.Shared),
          (r) => r.Size,
        ),
      percent: false,
    }),
  ];
}

function verbose({ now }: Context, usage: DiskUsage, format: string): string {
  const time = now();
  const trunc = format.startsWith("table");
  const images = (usage.Images ?? []).map((image) => {
    const [name = { repo: "<none>", tag: "<none>", digest: "" }] = imageNames(image, false, false);
    return imageRow(image, { ...name, digest: "" }, trunc, time);
  });
  const containers = (usage.Containers ?? []).map((c) => containerRow({ ...c, SizeRootFs: 0 }, trunc, time));
  const volumes = (usage.Volumes ?? []).map(volumeRow);
  const records = byLastUse(usage.BuildCache ?? []);
  const cache = records.map((r) => buildCacheRow(r, trunc, time));
  if (format !== "table") {
    const data = struct(
      { Images: images, Containers: containers, Volumes: volumes, BuildCache: cache },
      "*formatter.diskUsageContext",
    );
    const source = format === "raw" ? rawVerbose() : format === "json" ? "{{json .}}" : format;
    try {
      return parseTemplate(source.trim().replaceAll("\\t", "\t").replaceAll("\\n", "\n")).execute(data);
    } catch (error) {
      throw error instanceof TemplateError ? new CliError(messageOf(error)) : error;
    }
  }
  const imageTable =
    "table {{.Repository}}\\t{{.Tag}}\\t{{.ID}}\\t{{.CreatedSince}}\\t{{.Size}}\\t{{.SharedSize}}\\t{{.UniqueSize}}\\t{{.Containers}}";
  const containerTable =
    "table {{.ID}}\\t{{.Image}}\\t{{.Command}}\\t{{.LocalVolumes}}\\t{{.Size}}\\t{{.RunningFor}}\\t{{.Status}}\\t{{.Names}}";
  const cacheTable =
    "table {{.ID}}\\t{{.CacheType}}\\t{{.Size}}\\t{{.CreatedSince}}\\t{{.LastUsedSince}}\\t{{.UsageCount}}\\t{{.Shared}}";
  return [
    `Images space usage:\n\n${formatRows(imageTable, imageHeaders, images)}`,
    `Containers space usage:\n\n${formatRows(containerTable, containerHeaders, containers)}`,
    `Local Volumes space usage:\n\n${formatRows("table {{.Name}}\\t{{.Links}}\\t{{.Size}}", volumeHeaders, volumes)}`,
    `Build cache usage: ${humanSize(cacheSize(records))}\n\n${formatRows(cacheTable, buildCacheHeaders, cache)}`,
  ].join("\n");
}

const rawVerbose = (): string =>
  `{{range .Images}}type: Image\n${imageFormat("raw", false, true)}\n{{end -}}\n` +
  `{{range .Containers}}type: Container\n${rawContainer}size: {{.Size}}\\n\n{{end -}}\n` +
  "{{range .Volumes}}type: Volume\nname: {{.Name}}\\ndriver: {{.Driver}}\\n\n{{end -}}\n" +
  `{{range .BuildCache}}type: Build Cache\n${rawBuildCache}\n{{end -}}`;
