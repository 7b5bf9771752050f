/** tag, rmi, history. */

import { humanDuration, humanSize } from "../../../go/units.ts";
import { formatRows } from "../../format/formatter.ts";
import { ellipsis, shortId } from "../../format/text.ts";
import { parsePlatform } from "../../image/platform.ts";
import { familiarName, normalizedReference, parseReference, withDefaultTag } from "../../image/reference.ts";
import { imagePath } from "../../session/client.ts";
import type { Handler } from "../../session/context.ts";
import { ApiError, CliError, messageOf } from "../../session/errors.ts";
import { Methods } from "../../template/value.ts";

export const tag: Handler = async ({ args, client }) => {
  const [source = "", target = ""] = args;
  if (!/^[a-f0-9]{64}$/.test(source) && parseReference(source) === undefined)
    throw new CliError(
      `Error parsing reference: ${JSON.stringify(source)} is not a valid repository/tag: invalid reference format`,
    );
  let reference: ReturnType<typeof normalizedReference>;
  try {
    reference = withDefaultTag(normalizedReference(target));
  } catch (error) {
    throw new CliError(
      `Error parsing reference: ${JSON.stringify(target)} is not a valid repository/tag: ${messageOf(error)}`,
    );
  }
  if (reference.digest !== undefined) throw new CliError("refusing to create a tag with a digest reference");
  await client.post(`/images/${imagePath(source)}/tag`, undefined, {
    repo: familiarName(reference),
    tag: reference.tag,
  });
  return 0;
};

interface Deletion {
  readonly Deleted?: string;
  readonly Untagged?: string;
}

export const remove: Handler = async ({ flags, args, client, out, err }) => {
  const force = flags.bool("force");
  const platforms = flags.list("platform").map((p) => JSON.stringify(parsePlatform(p)));
  const errors: unknown[] = [];
  for (const image of args) {
    try {
      const deletions = await client.delete<readonly Deletion[]>(`/images/${imagePath(image)}`, {
        force,
        noprune: flags.bool("no-prune"),
        platforms,
      });
      for (const { Deleted, Untagged } of deletions)
        out.line(Deleted !== undefined && Deleted !== "" ? `Deleted: ${Deleted}` : `Untagged: ${Untagged}`);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length === 0) return 0;
  const text = errors.map(messageOf).join("\n");
  const fatal = errors.some((e) => !(e instanceof ApiError) || e.status !== 404);
  if (!force || fatal) throw new CliError(text);
  err.line(text);
  return 0;
};

interface HistoryItem {
  readonly Id: string;
  readonly Created: number;
  readonly CreatedBy: string;
  readonly Size: number;
  readonly Comment: string;
}
const historyHeaders = {
  ID: "IMAGE",
  CreatedSince: "CREATED",
  CreatedAt: "CREATED AT",
  CreatedBy: "CREATED BY",
  Size: "SIZE",
  Comment: "COMMENT",
};
/** Dates before the year 2000 mean that the builder kept none. */
const epoch = 946_684_800;

export const history: Handler = async ({ flags, args, client, out, now }) => {
  const [image = ""] = args;
  const platform = flags.string("platform");
  const items = await client.get<readonly HistoryItem[]>(`/images/${imagePath(image)}/history`, {
    ...(platform !== "" && { platform: JSON.stringify(parsePlatform(platform)) }),
  });
  const human = flags.boolOr("human", true);
  const trunc = !flags.bool("no-trunc");
  const time = now();
  const source = flags.string("format");
  const format =
    source !== "" && source !== "table"
      ? source
      : flags.bool("quiet")
        ? "{{.ID}}"
        : `table {{.ID}}\\t{{.${human ? "CreatedSince" : "CreatedAt"}}}\\t{{.CreatedBy}}\\t{{.Size}}\\t{{.Comment}}`;
  const rows = items.map((item) => {
    const createdAt = (): string => `${new Date(item.Created * 1000).toISOString().slice(0, 19)}Z`;
    return new Methods("*image.historyContext", {
      ID: () => (trunc ? shortId(item.Id) : item.Id),
      CreatedAt: createdAt,
      CreatedSince: () =>
        !human ? createdAt() : item.Created <= epoch ? "N/A" : `${humanDuration(time - item.Created * 1000)} ago`,
      CreatedBy: () => {
        const text = item.CreatedBy.replaceAll("\t", " ");
        return trunc ? ellipsis(text, 45) : text;
      },
      Size: () => (human ? humanSize(item.Size, 3) : String(item.Size)),
      Comment: () => item.Comment,
    });
  });
  out.print(formatRows(format, historyHeaders, rows));
  return 0;
};
