/** `docker ps`. */
import type { ContainerSummary } from "../../api-types.ts";
import { formatRows } from "../../format/formatter.ts";
import { dockerFunctions } from "../../format/functions.ts";
import { containerFormat, containerHeaders, containerRow } from "../../format/rows/container.ts";
import { filterQuery } from "../../session/client.ts";
import type { Handler } from "../../session/context.ts";
import { CliError, messageOf } from "../../session/errors.ts";
import { Template } from "../../template/index.ts";
import { Methods } from "../../template/value.ts";

/** Sizes are costly: the engine works them out only for a template that asks for them. */
function namesSize(format: string): boolean {
  if (format === "") return false;
  let used = false;
  const row = containerRow(nobody, true, 0);
  const probe = new Methods(row.type, {
    ...row.table,
    Size: () => {
      used = true;
      return "";
    },
  });
  let template: Template;
  try {
    template = new Template("", format, { functions: dockerFunctions });
  } catch (error) {
    throw new CliError(`failed to parse template: ${messageOf(error)}`);
  }
  try {
    template.execute(probe);
  } catch (error) {
    throw new CliError(`failed to execute template: ${messageOf(error)}`);
  }
  return used;
}
const nobody: ContainerSummary = {
  Id: "",
  Names: [],
  Image: "",
  ImageID: "",
  Command: "",
  Created: 0,
  State: "",
  Status: "",
};

export const list: Handler = async ({ flags, client, config, out, err, now }) => {
  const quiet = flags.bool("quiet");
  const given = flags.string("format");
  if (given !== "" && quiet) err.line("WARNING: Ignoring custom format, because both --format and --quiet are set.");
  const format = given === "" ? (config.psFormat ?? "") : given;
  const last = flags.changed("last") ? flags.number("last") : flags.bool("latest") ? 1 : -1;
  const size = flags.bool("size") || (!flags.changed("size") && namesSize(format));
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
