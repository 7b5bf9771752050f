/** What a swarm keeps, as the engine answers it: listed, inspected, removed, changed by name. */
import { formatRows } from "../../format/formatter.ts";
import { inspectAll } from "../../format/inspect.ts";
import { naturalCompare } from "../../format/text.ts";
import { filterQuery, segment } from "../../session/client.ts";
import type { Context, Handler } from "../../session/context.ts";
import { CliError, throwJoined } from "../../session/errors.ts";
import type { Kind, Named } from "./named.ts";
import { rowOf, tables, title } from "./rows.ts";

export const list =
  (kind: Kind): Handler =>
  async ({ flags, client, out, now }) => {
    const items = await client.get<readonly Named[]>(`/${kind}s`, {
      filters: filterQuery(flags.filters()),
      ...(kind === "service" && !flags.bool("quiet") && { status: true }),
    });
    const self =
      kind === "node" && items.length > 0
        ? ((await client.get<{ readonly Swarm?: { readonly NodeID?: string } }>("/info")).Swarm?.NodeID ?? "")
        : "";
    const given = flags.string("format");
    const { format, headers } = tables[kind];
    const source = given !== "" && given !== "table" ? given : flags.bool("quiet") ? "{{.ID}}" : format;
    const name = (item: Named): string => item.Spec.Name ?? item.Description?.Hostname ?? "";
    const time = now();
    out.print(
      formatRows(
        source,
        headers,
        items.toSorted((a, b) => naturalCompare(name(a), name(b))).map((item) => rowOf(kind, item, time, self)),
      ),
    );
    return 0;
  };

export const inspect =
  (kind: Kind): Handler =>
  (context) => {
    if (context.flags.bool("pretty") && context.flags.string("format") !== "")
      throw new CliError("--format is incompatible with human friendly format");
    return inspectAll(context, async (reference) => ({
      value: await context.client.get(`/${kind}s/${segment(reference)}`),
      type: `swarm.${title(kind)}`,
    }));
  };

export const remove =
  (kind: Kind): Handler =>
  async ({ flags, args, client, out }) => {
    const errors: unknown[] = [];
    for (const name of args) {
      try {
        await client.delete(`/${kind}s/${segment(name)}`, { force: flags.bool("force") });
        out.line(name);
      } catch (error) {
        errors.push(error);
      }
    }
    throwJoined(errors);
    return 0;
  };

/** Changes one object's specification, as `node promote` and `service scale` do. */
export async function change(
  { client }: Context,
  kind: "node" | "service",
  name: string,
  edit: (spec: Named["Spec"]) => Readonly<Record<string, unknown>>,
): Promise<Named> {
  const item = await client.get<Named>(`/${kind}s/${segment(name)}`);
  await client.post(`/${kind}s/${segment(item.ID)}/update`, edit(item.Spec), { version: item.Version.Index });
  return item;
}
