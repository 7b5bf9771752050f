/** What BuildKit's services ask of the engine, over its API. */
import type { CacheUsage } from "../../engine/build/cache-usage.ts";
import { EngineError } from "../../engine/errors.ts";
import type { ApiRequest, ApiTransport } from "../transport.ts";
import type { BuildResult, Failure, Update } from "./jobs.node.ts";

type Message = { readonly result: BuildResult } | { readonly failure: Failure } | object;

export interface BuildSummary {
  readonly ref: string;
  readonly name: string;
  readonly status: string;
  readonly error?: { readonly message: string };
  readonly created: string;
  readonly completed?: string;
  readonly dockerfile: string;
  readonly target?: string;
  readonly image?: string;
  readonly completedSteps: number;
  readonly totalSteps: number;
  readonly cachedSteps: number;
}

export class Engine {
  readonly #api: ApiTransport;
  constructor(api: ApiTransport) {
    this.#api = api;
  }

  async *build(
    request: Readonly<Record<string, unknown>>,
    context: ReadableStream<Uint8Array>,
    signal: AbortSignal,
  ): AsyncGenerator<Message> {
    const { Id } = (await this.#json("POST", "/drydock/builds", { body: { kind: "json", value: request } })) as {
      readonly Id: string;
    };
    const { body } = await this.#call("POST", `/drydock/builds/${Id}/run`, {
      body: { kind: "stream", stream: context },
      signal,
    });
    if (body.kind === "jsonLines") yield* body.values as AsyncIterable<Message>;
  }

  async files(ref: string): Promise<ReadableStream<Uint8Array>> {
    const { body } = await this.#call("GET", `/drydock/builds/${ref}/files`);
    if (body.kind !== "stream") throw new EngineError("system", "the engine sent no files");
    return body.stream;
  }

  async usage(): Promise<readonly CacheUsage[]> {
    const { BuildCache } = (await this.#json("GET", "/system/df?type=build-cache")) as {
      readonly BuildCache: readonly CacheUsage[] | null;
    };
    return BuildCache ?? [];
  }

  async prune(options: {
    readonly all: boolean;
    readonly filter: readonly string[];
    readonly reservedSpace: number;
    readonly maxUsedSpace: number;
    readonly minFreeSpace: number;
  }): Promise<readonly CacheUsage[]> {
    const before = await this.usage();
    const filters: Record<string, string[]> = {};
    // buildx sends one that is empty where none is given.
    for (const text of options.filter.filter(Boolean)) {
      const [key = "", value = ""] = text.split(/[=~]+/);
      filters[key] = [...(filters[key] ?? []), value];
    }
    const query = new URLSearchParams({ filters: JSON.stringify(filters) });
    if (options.all) query.set("all", "1");
    if (options.reservedSpace > 0) query.set("reserved-space", String(options.reservedSpace));
    if (options.maxUsedSpace > 0) query.set("max-used-space", String(options.maxUsedSpace));
    if (options.minFreeSpace > 0) query.set("min-free-space", String(options.minFreeSpace));
    const { CachesDeleted } = (await this.#json("POST", `/build/prune?${query}`)) as {
      readonly CachesDeleted: readonly string[] | null;
    };
    return before.filter(({ ID }) => CachesDeleted?.includes(ID) === true);
  }

  async builds(): Promise<readonly BuildSummary[]> {
    return (await this.#json("GET", "/drydock/builds")) as readonly BuildSummary[];
  }
  /** A past build's steps and their output; `undefined` when there was none of that name. */
  async steps(ref: string): Promise<Update | undefined> {
    const response = await this.#api.request({ method: "GET", path: `/drydock/builds/${encodeURIComponent(ref)}` });
    return response.body.kind === "json" && response.status === 200 ? (response.body.value as Update) : undefined;
  }
  async forget(ref: string): Promise<void> {
    await this.#call("DELETE", `/drydock/builds/${ref}`);
  }

  async #json(method: ApiRequest["method"], path: string, more: Partial<ApiRequest> = {}): Promise<unknown> {
    const { body } = await this.#call(method, path, more);
    return body.kind === "json" ? body.value : undefined;
  }
  async #call(method: ApiRequest["method"], path: string, more: Partial<ApiRequest> = {}) {
    const response = await this.#api.request({ method, path, ...more });
    if (response.status >= 400) {
      const value = response.body.kind === "json" ? (response.body.value as { readonly message?: string }) : {};
      throw new EngineError("system", value.message ?? `the engine answered ${response.status}`);
    }
    return response;
  }
}
