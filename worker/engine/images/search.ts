/** `docker search`: the catalogue's index first, then Docker Hub where it can be reached. */
import { syntaxError } from "../../go/strconv.ts";
import { EngineError } from "../errors.ts";
import { bodyJson } from "../registry/answer-body.ts";
import type { ImageContext } from "./context.ts";
import { booleanFilter, checkFilters, type Filters } from "./filters.ts";

export interface SearchResult {
  readonly star_count: number;
  readonly is_official: boolean;
  readonly name: string;
  readonly is_automated: boolean;
  readonly description: string;
}

const accepted = ["is-automated", "is-official", "stars"];
const defaultLimit = 25;
/** With a catalogue at hand the Hub is not waited for longer. */
const hubTimeout = 3000;

export async function searchImages(
  context: ImageContext,
  term: string,
  options: { readonly limit?: number | undefined; readonly filters: Filters; readonly signal: AbortSignal },
): Promise<readonly SearchResult[]> {
  checkFilters(options.filters, accepted);
  const limit = options.limit ?? defaultLimit;
  if (limit < 1 || limit > 100)
    throw new EngineError("invalidParameter", `limit ${limit} is outside the range of [1, 100]`);
  const matches = resultFilter(options.filters);
  const catalogue = await searchCatalogue(context, term);
  const hub = await searchHub(
    context,
    term,
    limit,
    catalogue === undefined ? undefined : hubTimeout,
    options.signal,
  ).catch((error) => {
    if (catalogue === undefined) throw error;
    return [];
  });
  const known = new Set((catalogue ?? []).map(({ name }) => name));
  return [...(catalogue ?? []), ...hub.filter(({ name }) => !known.has(name))].filter(matches).slice(0, limit);
}

function resultFilter(filters: Filters): (result: SearchResult) => boolean {
  const official = filters["is-official"] === undefined ? undefined : booleanFilter(filters, "is-official", false);
  const automated = filters["is-automated"] === undefined ? undefined : booleanFilter(filters, "is-automated", false);
  const stars = (filters.stars ?? []).map((text) => {
    if (!/^\d+$/.test(text))
      throw new EngineError("invalidParameter", `invalid filter 'stars=${text}': ${syntaxError("Atoi", text)}`);
    return Number(text);
  });
  return (result) =>
    (official === undefined || result.is_official === official) &&
    (automated === undefined || result.is_automated === automated) &&
    stars.every((least) => result.star_count >= least);
}

/** `undefined` when there is no catalogue, or it cannot be read. */
async function searchCatalogue(context: ImageContext, term: string): Promise<readonly SearchResult[] | undefined> {
  const { catalogue, fetch } = context.registries.options;
  if (catalogue === undefined) return undefined;
  const response = await fetch(`${catalogue.replace(/\/$/, "")}/index.json`).catch(() => undefined);
  if (response?.ok !== true) return undefined;
  const index = (await response.json().catch(() => undefined)) as { repositories?: unknown } | undefined;
  if (!Array.isArray(index?.repositories)) return undefined;
  const wanted = term.toLowerCase().replace(/^(docker\.io\/)?(library\/)?/, "");
  return index.repositories.flatMap((entry: { name?: unknown; description?: unknown } | null): SearchResult[] => {
    if (typeof entry?.name !== "string") return [];
    const description = typeof entry.description === "string" ? entry.description : "";
    const name = entry.name.replace(/^library\//, "");
    if (!`${name} ${description}`.toLowerCase().includes(wanted)) return [];
    return [{ star_count: 0, is_official: name !== entry.name, name, is_automated: false, description }];
  });
}

async function searchHub(
  context: ImageContext,
  term: string,
  limit: number,
  timeout: number | undefined,
  signal: AbortSignal,
): Promise<readonly SearchResult[]> {
  const url = `https://index.docker.io/v1/search?q=${encodeURIComponent(term)}&n=${limit}`;
  const bounded = timeout === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
  const response = await context.registries.options.fetch(url, { signal: bounded }).catch((cause) => {
    throw new EngineError("system", `Get ${JSON.stringify(url)}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  });
  if (!response.ok) throw new EngineError("unavailable", `Unexpected status code ${response.status}`);
  const answer = (await bodyJson(response, bounded)) as { results?: unknown } | null;
  const results: readonly unknown[] = Array.isArray(answer?.results) ? answer.results : [];
  return results.flatMap((result) => {
    const { name, description, star_count, is_official } = (result ?? {}) as Record<string, unknown>;
    if (typeof name !== "string") return [];
    return [
      {
        star_count: typeof star_count === "number" ? star_count : 0,
        is_official: is_official === true,
        name,
        is_automated: false,
        description: typeof description === "string" ? description : "",
      },
    ];
  });
}
