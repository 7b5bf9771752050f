/** `docker search`. */
import { authFor, encodeAuth, hubAuthKey } from "../../config/auth.ts";
import { formatRows } from "../../format/formatter.ts";
import { ellipsis } from "../../format/text.ts";
import { filterQuery, readJson } from "../../session/client.ts";
import type { Handler } from "../../session/context.ts";
import { Methods } from "../../template/value.ts";

interface SearchResult {
  readonly name: string;
  readonly description: string;
  readonly star_count: number;
  readonly is_official: boolean;
}
const headers = { Name: "NAME", Description: "DESCRIPTION", StarCount: "STARS", IsOfficial: "OFFICIAL" };

export const search: Handler = async (context) => {
  const { flags, args, client, out, err } = context;
  const [term = ""] = args;
  const filters = flags.filters();
  if (filters["is-automated"] !== undefined)
    err.line(
      'WARNING: the "is-automated" filter is deprecated, and searching for "is-automated=true" will not yield any results in future.',
    );
  const response = await client.call("GET", "/images/search", {
    query: {
      term,
      limit: flags.number("limit") > 0 ? flags.number("limit") : undefined,
      filters: filterQuery(filters),
    },
    headers: { "x-registry-auth": encodeAuth((await authFor(context, hubAuthKey)) ?? {}) },
  });
  const results = (await readJson(response)) as readonly SearchResult[];
  const trunc = !flags.bool("no-trunc");
  const given = flags.string("format");
  const isJson = given === "json" || /\bjson \./.test(given);
  const format =
    given === "" || given === "table" ? "table {{.Name}}\\t{{.Description}}\\t{{.StarCount}}\\t{{.IsOfficial}}" : given;
  const rows = results.map(
    (r) =>
      new Methods("*registry.searchContext", {
        Name: () => r.name,
        Description: () => {
          const text = r.description.replaceAll(/[\n\r]/g, " ");
          return trunc ? ellipsis(text, 45) : text;
        },
        StarCount: () => String(r.star_count),
        IsOfficial: () => (isJson ? String(r.is_official) : r.is_official ? "[OK]" : ""),
      }),
  );
  out.print(formatRows(format, headers, rows));
  return 0;
};
