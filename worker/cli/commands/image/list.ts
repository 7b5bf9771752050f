/** `docker images`. */
import type { ImageSummary } from "../../api-types.ts";
import { childOf, commandAt, rootCommand } from "../../command/tree.ts";
import { formatRows } from "../../format/formatter.ts";
import { imageFormat, imageHeaders, imageNames, imageRow } from "../../format/rows/image.ts";
import { filterQuery } from "../../session/client.ts";
import type { Handler } from "../../session/context.ts";
import { CliError } from "../../session/errors.ts";
import { showTree } from "./tree.ts";

export const list: Handler = async (context) => {
  const { flags, args, node, client, config, out, err, now } = context;
  const quiet = flags.bool("quiet");
  const filters = flags.filters();
  const [match] = args;
  if (match !== undefined) filters.reference = [...(filters.reference ?? []), match];
  if (flags.bool("tree")) {
    for (const [flag, shown] of [
      ["quiet", "quiet"],
      ["no-trunc", "no-trunc"],
      ["digests", "show-digest"],
      ["format", "format"],
    ] as const)
      if (flags.changed(flag)) throw new CliError(`--${shown} is not yet supported with --tree`);
    await showTree(context, flags.bool("all"), filters);
    return 0;
  }
  const images = await client.get<readonly ImageSummary[]>("/images/json", {
    all: flags.bool("all"),
    filters: filterQuery(filters),
  });
  const given = flags.string("format");
  const source = given !== "" ? given : !quiet && config.imagesFormat ? config.imagesFormat : "table";
  const digest = flags.bool("digests");
  const format = imageFormat(source, quiet, digest);
  const needDigest = digest || format.includes("{{.Digest}}");
  const trunc = !flags.bool("no-trunc");
  const time = now();
  const rows = images.flatMap((image) =>
    imageNames(image, digest, needDigest).map((name) => imageRow(image, name, trunc, time)),
  );
  out.print(formatRows(format, imageHeaders, rows));
  // "docker images ls" lists images named "ls": the client guesses what was meant.
  if (match !== undefined && images.length === 0 && node.path === "images") {
    const image = commandAt("image");
    if (image !== undefined && childOf(image, match) !== undefined && childOf(rootCommand(), match) === undefined)
      err.print(`\nNo images found matching "${match}": did you mean "docker image ${match}"?\n`);
  }
  return 0;
};
