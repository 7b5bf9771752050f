/** `docker volume …`. */
import type { VolumeSummary } from "../../api-types.ts";
import { formatRows } from "../../format/formatter.ts";
import { volumeHeaders, volumeRow } from "../../format/rows/volume.ts";
import { naturalCompare } from "../../format/text.ts";
import { toMap } from "../../run/key-values.ts";
import { filterQuery, segment } from "../../session/client.ts";
import type { Handler } from "../../session/context.ts";
import { CliError, throwJoined } from "../../session/errors.ts";

function format(source: string, quiet: boolean): string {
  if (source === "table") return quiet ? "{{.Name}}" : "table {{.Driver}}\\t{{.Name}}";
  if (source === "raw") return quiet ? "name: {{.Name}}" : "name: {{.Name}}\\ndriver: {{.Driver}}\\n";
  return source;
}

export const list: Handler = async ({ flags, client, config, out }) => {
  const { Volumes } = await client.get<{ readonly Volumes: readonly VolumeSummary[] | null }>("/volumes", {
    filters: filterQuery(flags.filters()),
  });
  const quiet = flags.bool("quiet");
  const given = flags.string("format");
  const cluster = flags.bool("cluster");
  const source = cluster
    ? quiet
      ? "table"
      : "table {{.Name}}\\t{{.Group}}\\t{{.Driver}}\\t{{.Availability}}\\t{{.Status}}"
    : given !== ""
      ? given
      : config.volumesFormat && !quiet
        ? config.volumesFormat
        : "table";
  const shown = cluster ? [] : (Volumes ?? []);
  const rows = shown.toSorted((a, b) => naturalCompare(a.Name, b.Name)).map(volumeRow);
  out.print(formatRows(format(source, quiet), volumeHeaders, rows));
  return 0;
};

/** Flags that make a volume the cluster's; secrets and topologies do not, by themselves. */
const clusterFlags = ["group", "scope", "sharing", "availability", "type", "limit-bytes", "required-bytes"];

export const create: Handler = async ({ flags, args, client, out }) => {
  const [name = ""] = args;
  if (name !== "" && flags.string("name") !== "")
    throw new CliError("conflicting options: cannot specify a volume-name through both --name and as a positional arg");
  const cluster = clusterFlags.some((f) => flags.changed(f));
  const or = (flag: string, absent: string): string => (flags.changed(flag) ? flags.string(flag) : absent);
  const { Name } = await client.post<{ readonly Name: string }>("/volumes/create", {
    ...(cluster && {
      ClusterVolumeSpec: {
        Group: flags.string("group"),
        AccessMode: {
          Scope: or("scope", "single"),
          Sharing: or("sharing", "none"),
          ...(or("type", "block") === "mount" ? { MountVolume: {} } : { BlockVolume: {} }),
        },
        Availability: or("availability", "active"),
        CapacityRange: { RequiredBytes: flags.number("required-bytes"), LimitBytes: flags.number("limit-bytes") },
      },
    }),
    Driver: or("driver", "local"),
    DriverOpts: toMap(flags.list("opt")),
    Labels: toMap(flags.list("label")),
    Name: name === "" ? flags.string("name") : name,
  });
  out.line(Name);
  return 0;
};

export const remove: Handler = async ({ flags, args, client, out }) => {
  const errors: unknown[] = [];
  for (const name of args) {
    try {
      await client.delete(`/volumes/${segment(name)}`, { force: flags.bool("force") });
      out.line(name);
    } catch (error) {
      errors.push(error);
    }
  }
  throwJoined(errors);
  return 0;
};

interface ClusterVolume {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: Readonly<Record<string, unknown>>;
}
export const update: Handler = async ({ flags, args, client }) => {
  const [name = ""] = args;
  const volume = await client.get<{ readonly ClusterVolume?: ClusterVolume }>(`/volumes/${segment(name)}`);
  const { ClusterVolume: cluster } = volume;
  if (cluster === undefined) throw new CliError("can only update cluster volumes");
  const spec = flags.changed("availability")
    ? { ...cluster.Spec, Availability: flags.string("availability") }
    : cluster.Spec;
  await client.call("PUT", `/volumes/${segment(cluster.ID)}`, {
    query: { version: cluster.Version.Index },
    json: { Spec: spec },
  });
  return 0;
};
