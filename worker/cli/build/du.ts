/** `docker buildx du` and `docker buildx prune`. */

import { goTimeOf } from "../../go/time.ts";
import { humanDuration, humanSize } from "../../go/units.ts";
import type { BuildCacheRecord } from "../api-types.ts";
import { formatRows } from "../format/formatter.ts";
import { alignTabs } from "../format/tabwriter.ts";
import { confirm } from "../io/prompt.ts";
import type { Context, Handler } from "../session/context.ts";
import { CliError } from "../session/errors.ts";
import { Methods } from "../template/value.ts";

const headers = {
  ID: "ID",
  Parents: "PARENTS",
  CreatedAt: "CREATED AT",
  Mutable: "MUTABLE",
  Reclaimable: "RECLAIMABLE",
  Shared: "SHARED",
  Size: "SIZE",
  Description: "DESCRIPTION",
  UsageCount: "USAGE COUNT",
  LastUsedAt: "LAST ACCESSED",
  Type: "TYPE",
};

const ago = (record: BuildCacheRecord, now: number): string =>
  record.LastUsedAt ? `${humanDuration(now - Date.parse(record.LastUsedAt))} ago` : "";

export const diskUsage: Handler = async (context) => {
  const { client, out, flags, now } = context;
  if (flags.bool("verbose") && flags.string("format") !== "")
    throw new CliError("--format and --verbose cannot be used together");
  const { BuildCache } = await client.get<{ readonly BuildCache: readonly BuildCacheRecord[] | null }>("/system/df", {
    type: "build-cache",
  });
  const records = (BuildCache ?? []).filter((record) => fits(record, flags.filters()));
  const format = flags.bool("verbose") ? "pretty" : flags.string("format") || "table";
  if (format === "json") {
    for (const record of records) out.line(JSON.stringify(plain(record, now())));
    return 0;
  }
  if (format === "pretty") for (const record of records) out.print(`${pretty(record, now())}\n`);
  else if (format === "table")
    out.print(
      alignTabs(
        `${[
          "ID\tRECLAIMABLE\tSIZE\tLAST ACCESSED",
          ...records.map(
            (record) =>
              `${record.ID}\ttrue\t${humanSize(record.Size)}${record.Shared ? "*" : ""}\t${ago(record, now())}`,
          ),
        ].join("\n")}\n`,
        { minimum: 10, padding: 3 },
      ),
    );
  else {
    out.print(
      formatRows(
        format,
        headers,
        records.map((record) => row(record, now())),
      ),
    );
    return 0;
  }
  if (records.length > 0) out.print(totals(records));
  return 0;
};

function fits(record: BuildCacheRecord, filters: Readonly<Record<string, readonly string[]>>): boolean {
  return Object.entries(filters).every(([name, values]) => {
    const field = {
      id: record.ID,
      type: record.Type,
      description: record.Description,
      shared: String(record.Shared),
      inuse: String(record.InUse),
      mutable: "false",
      immutable: "true",
      private: String(!record.Shared),
    }[name];
    return (
      field !== undefined &&
      values.some((value) => (name === "id" ? field.startsWith(value) : field === (value || "true")))
    );
  });
}

const plain = (record: BuildCacheRecord, now: number) => ({
  CreatedAt: goTimeOf(record.CreatedAt),
  Description: record.Description,
  ID: record.ID,
  LastUsedAt: ago(record, now),
  Mutable: false,
  Parents: record.Parents ?? null,
  Reclaimable: true,
  Shared: record.Shared,
  Size: humanSize(record.Size),
  Type: record.Type,
  UsageCount: record.UsageCount,
});

const row = (record: BuildCacheRecord, now: number): Methods =>
  new Methods(
    "*commands.duContext",
    Object.fromEntries(Object.entries(plain(record, now)).map(([name, value]) => [name, () => value ?? []])),
  );

function pretty(record: BuildCacheRecord, now: number): string {
  const fields = plain(record, now);
  const parents = record.Parents ?? [];
  const lines = [
    `ID:\t${fields.ID}`,
    ...(parents.length === 0 ? [] : ["Parents:", ...parents.map((id) => ` - ${id}`)]),
    `Created at:\t${fields.CreatedAt}`,
    "Mutable:\tfalse",
    "Reclaimable:\ttrue",
    `Shared:\t${fields.Shared}`,
    `Size:\t${fields.Size}`,
    `Description:\t${fields.Description}`,
    `Usage count:\t${fields.UsageCount}`,
    `Last used:\t${fields.LastUsedAt}`,
    `Type:\t${fields.Type}`,
  ];
  const width = "Reclaimable:".length + 2;
  return lines
    .map((line) => {
      const [label = "", value] = line.split("\t");
      return value === undefined ? `${label}\n` : `${label.padEnd(width)}${value}\n`;
    })
    .join("");
}

function totals(records: readonly BuildCacheRecord[]): string {
  const sum = (list: readonly BuildCacheRecord[]): number => list.reduce((total, { Size }) => total + Size, 0);
  const shared = sum(records.filter(({ Shared }) => Shared));
  const total = sum(records);
  const head = shared > 0 ? `Shared:\t\t${humanSize(shared)}\nPrivate:\t${humanSize(total - shared)}\n` : "";
  return `${head}Reclaimable:\t${humanSize(total)}\nTotal:\t\t${humanSize(total)}\n`;
}

interface Pruned {
  readonly CachesDeleted: readonly string[] | null;
  readonly SpaceReclaimed: number;
}

export const prune: Handler = async (context: Context) => {
  const { client, out, flags, now } = context;
  const all = flags.bool("all");
  if (!flags.bool("force")) {
    const what = all ? "all build cache" : "all dangling build cache";
    if (!(await confirm(context, `WARNING! This will remove ${what}. Are you sure you want to continue?`))) return 0;
  }
  const before = await client.get<{ readonly BuildCache: readonly BuildCacheRecord[] | null }>("/system/df", {
    type: "build-cache",
  });
  const filters = flags.filters();
  const { CachesDeleted, SpaceReclaimed } = await client.post<Pruned>("/build/prune", undefined, {
    all,
    "reserved-space": flags.number("reserved-space") || flags.number("keep-storage") || undefined,
    "max-used-space": flags.number("max-used-space") || undefined,
    "min-free-space": flags.number("min-free-space") || undefined,
    filters: Object.keys(filters).length === 0 ? undefined : JSON.stringify(filters),
  });
  const gone = new Set(CachesDeleted ?? []);
  const records = (before.BuildCache ?? []).filter(({ ID }) => gone.has(ID));
  if (flags.bool("verbose")) for (const record of records) out.print(`${pretty(record, now())}\n`);
  else if (records.length > 0) {
    out.line("ID\t\t\t\t\t\tRECLAIMABLE\tSIZE\t\tLAST ACCESSED");
    for (const record of records)
      out.line(`${record.ID.padEnd(40)}\ttrue \t\t${humanSize(record.Size).padEnd(10)}\t${ago(record, now())}`);
  }
  out.line(`Total:\t${humanSize(SpaceReclaimed)}`);
  return 0;
};
