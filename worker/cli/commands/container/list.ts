/** `docker ps`. */
import type { ContainerSummary } from "../../api-types.ts";
import { formatRows } from "../../format/formatter.ts";
import { containerFormat, containerHeaders, containerRow } from "../../format/rows/container.ts";
import { filterQuery } from "../../session/client.ts";
import type { Handler } from "../../session/context.ts";

export const list: Handler = async ({ flags, client, config, out, err, now }) => {
  const quiet = flags.bool("quiet");
  const given = flags.string("format");
  if (given !== "" && quiet) err.line("WARNING: Ignoring custom format, because both --format and --quiet are set.");
  const format = given === "" ? (config.psFormat ?? "") : given;
  const last = flags.changed("last") ? flags.number("last") : flags.bool("latest") ? 1 : -1;
  const size = flags.bool("size") || (!flags.changed("size") && /\.Size\b/.test(format));
  const containers = await client.get<readonly ContainerSummary[]>("/containers/json", {
    all: flags.bool("all"),
    limit: last > 0 ? last : undefined,
    size,
    filters: filterQuery(flags.filters()),
  });
  const time = now();
  const trunc = !flags.bool("no-trunc");
  out.print(
    formatRows(
      containerFormat(format, quiet, size && flags.bool("size")),
      containerHeaders,
      containers.map((c) => containerRow(c, trunc, time)),
    ),
  );
  return 0;
};
