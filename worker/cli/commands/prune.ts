/** Every `prune`. */

import { humanSize } from "../../go/units.ts";
import { naturalCompare } from "../format/text.ts";
import { confirm } from "../io/prompt.ts";
import { filterQuery } from "../session/client.ts";
import type { Context, Handler } from "../session/context.ts";
import { CliError } from "../session/errors.ts";

interface Pruned {
  readonly text: string;
  readonly bytes: number;
}
type Filters = Record<string, string[]>;

/** Flags and config.json's pruneFilters; a label on the command line beats its opposite in the file. */
function pruneFilters({ flags, config }: Context): Filters {
  const filters = flags.filters();
  const defaults = Array.isArray(config.pruneFilters) ? (config.pruneFilters as readonly string[]) : [];
  for (const filter of defaults) {
    const at = filter.indexOf("=");
    if (at < 0) continue;
    const [key, value] = [filter.slice(0, at), filter.slice(at + 1)];
    const opposite = key === "label" ? "label!" : key === "label!" ? "label" : "";
    if (filters[opposite]?.includes(value)) continue;
    filters[key] = [...(filters[key] ?? []), value];
  }
  return filters;
}

/** `false`: the answer was no, and the command ends quietly. */
async function agreed(context: Context, warning: string): Promise<boolean> {
  return context.flags.bool("force") || (await confirm(context, `${warning}\nAre you sure you want to continue?`));
}

const listing = (title: string, ids: readonly string[] | null | undefined): string =>
  (ids ?? []).length === 0 ? "" : `${title}:\n${(ids ?? []).map((id) => `${id}\n`).join("")}`;

async function pruneContainers({ client }: Context, filters: Filters): Promise<Pruned> {
  const report = await client.post<{
    readonly ContainersDeleted: readonly string[] | null;
    readonly SpaceReclaimed: number;
  }>("/containers/prune", undefined, { filters: filterQuery(filters) });
  return { text: listing("Deleted Containers", report.ContainersDeleted), bytes: report.SpaceReclaimed };
}

async function pruneImages({ client }: Context, filters: Filters, all: boolean): Promise<Pruned> {
  const report = await client.post<{
    readonly ImagesDeleted: readonly { readonly Untagged?: string; readonly Deleted?: string }[] | null;
    readonly SpaceReclaimed: number;
  }>("/images/prune", undefined, {
    filters: filterQuery({ ...filters, dangling: [...(filters.dangling ?? []), String(!all)] }),
  });
  const lines = (report.ImagesDeleted ?? []).map(({ Untagged, Deleted }) =>
    Untagged !== undefined && Untagged !== "" ? `untagged: ${Untagged}` : `deleted: ${Deleted}`,
  );
  return { text: listing("Deleted Images", lines), bytes: report.SpaceReclaimed };
}

async function pruneNetworks({ client }: Context, filters: Filters): Promise<Pruned> {
  const report = await client.post<{ readonly NetworksDeleted: readonly string[] | null }>(
    "/networks/prune",
    undefined,
    {
      filters: filterQuery(filters),
    },
  );
  return { text: listing("Deleted Networks", report.NetworksDeleted), bytes: 0 };
}

async function pruneVolumes({ client }: Context, filters: Filters): Promise<Pruned> {
  const report = await client.post<{
    readonly VolumesDeleted: readonly string[] | null;
    readonly SpaceReclaimed: number;
  }>("/volumes/prune", undefined, { filters: filterQuery(filters) });
  return { text: listing("Deleted Volumes", report.VolumesDeleted), bytes: report.SpaceReclaimed };
}

async function pruneBuildCache({ client, flags }: Context, filters: Filters, all: boolean): Promise<Pruned> {
  const report = await client.post<{
    readonly CachesDeleted: readonly string[] | null;
    readonly SpaceReclaimed: number;
  }>("/build/prune", undefined, {
    all,
    "keep-storage": flags.number("keep-storage") || undefined,
    filters: filterQuery(filters),
  });
  return { text: listing("Deleted build cache objects", report.CachesDeleted), bytes: report.SpaceReclaimed };
}

function show({ out }: Context, { text, bytes }: Pruned): void {
  if (text !== "") out.line(text);
  out.line(`Total reclaimed space: ${humanSize(bytes)}`);
}

export const containers: Handler = async (context) => {
  const filters = pruneFilters(context);
  if (await agreed(context, "WARNING! This will remove all stopped containers."))
    show(context, await pruneContainers(context, filters));
  return 0;
};

export const images: Handler = async (context) => {
  const all = context.flags.bool("all");
  const warning = all
    ? "WARNING! This will remove all images without at least one container associated to them."
    : "WARNING! This will remove all dangling images.";
  const filters = pruneFilters(context);
  if (await agreed(context, warning)) show(context, await pruneImages(context, filters, all));
  return 0;
};

export const networks: Handler = async (context) => {
  const filters = pruneFilters(context);
  if (!(await agreed(context, "WARNING! This will remove all custom networks not used by at least one container.")))
    return 0;
  const { text } = await pruneNetworks(context, filters);
  if (text !== "") context.out.line(text);
  return 0;
};

export const volumes: Handler = async (context) => {
  const filters = pruneFilters(context);
  const all = context.flags.bool("all");
  if (all && filters.all !== undefined)
    throw new CliError("conflicting options: cannot specify both --all and --filter all=1");
  if (all) filters.all = ["true"];
  const which = all ? "all local volumes" : "anonymous local volumes";
  if (await agreed(context, `WARNING! This will remove ${which} not used by at least one container.`))
    show(context, await pruneVolumes(context, filters));
  return 0;
};

export const system: Handler = async (context) => {
  const { flags, out } = context;
  const all = flags.bool("all");
  const withVolumes = flags.bool("volumes");
  const filters = pruneFilters(context);
  if (withVolumes && flags.filters().until !== undefined)
    throw new CliError('ERROR: The "until" filter is not supported with "--volumes"');
  if (!flags.bool("force") && !(await confirm(context, systemWarning(filters, all, withVolumes)))) return 0;
  // Each call gets its own copy: a filter that one kind refuses stops the rest, as it does with the real client.
  const steps: ((f: Filters) => Promise<Pruned>)[] = [
    (f) => pruneContainers(context, f),
    (f) => pruneNetworks(context, f),
    ...(withVolumes ? [(f: Filters) => pruneVolumes(context, f)] : []),
    (f) => pruneImages(context, f, all),
    (f) => pruneBuildCache(context, f, all),
  ];
  let bytes = 0;
  for (const step of steps) {
    const pruned = await step({ ...filters });
    bytes += pruned.bytes;
    if (pruned.text !== "") out.line(pruned.text);
  }
  out.line(`Total reclaimed space: ${humanSize(bytes)}`);
  return 0;
};

function systemWarning(filters: Filters, all: boolean, volumes: boolean): string {
  const items = [
    "all stopped containers",
    "all networks not used by at least one container",
    ...(volumes ? ["all anonymous volumes not used by at least one container"] : []),
    all ? "all images without at least one container associated to them" : "all dangling images",
    all ? "all build cache" : "unused build cache",
  ];
  const shown = ["label", "label!", "until"]
    .flatMap((name) => (filters[name] ?? []).map((v) => `${name}=${v}`))
    .sort(naturalCompare);
  const filtered =
    shown.length === 0
      ? ""
      : `\n  Items to be pruned will be filtered with:\n${shown.map((f) => `  - ${f}\n`).join("")}`;
  return `WARNING! This will remove:\n${items.map((i) => `  - ${i}\n`).join("")}${filtered}\nAre you sure you want to continue?`;
}
