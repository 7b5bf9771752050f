/** Builds, and the cache that they leave. The API and the CLI call this; how a build is carried out is in ./solve. */
import type { EventSink, ImageId, Networks } from "../domains.ts";
import { EngineError } from "../errors.ts";
import type { ImageService } from "../images/index.ts";
import type { LayerMounts } from "../images/layers/layer-mounts.ts";
import type { LayerStore } from "../images/layers/layer-store.ts";
import { machinePlatform, parsePlatform } from "../images/platform.ts";
import { canonicalString, parseReference, withDefaultTag } from "../images/reference.ts";
import type { Guest } from "../ports/guest.ts";
import type { Clock, Fetch, Randomness } from "../ports/host.ts";
import type { BlobStore, Digest, RecordStore } from "../ports/storage.ts";
import {
  checkProgram,
  DockerfileError,
  Linter,
  type ParsedDockerfile,
  PatternMatcher,
  parseDockerfile,
  readProgram,
} from "./dockerfile/index.ts";
import { RootView, readText } from "./files/root-view.ts";
import { checkStages } from "./lint-stages.ts";
import type { BuildFailure, BuildMessage, BuildRequest, BuildResult } from "./model.ts";
import { planStages } from "./plan/graph.ts";
import { BuildCache } from "./solve/cache.ts";
import { emptyLayer, type StoredContext, storeContext } from "./solve/context-files.ts";
import { BuildProgress, type StatusUpdate, type Vertex } from "./solve/progress.ts";
import { buildRoot, type RunEnvironment } from "./solve/run.ts";
import {
  datedHistory,
  type InstructionObserver,
  type SolveOptions,
  Solver,
  type StageResult,
  StepError,
} from "./solve/solver.ts";
import { treeTar } from "./solve/tree-tar.ts";

export interface BuildServiceOptions {
  readonly guest: Guest;
  readonly networks: Networks;
  readonly images: ImageService;
  readonly blobs: BlobStore;
  readonly records: RecordStore;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly events: EventSink;
  /** What a step's process needs of the machine; asked once. */
  readonly runEnvironment: () => Promise<RunEnvironment>;
}
export interface BuildDependencies extends BuildServiceOptions {
  readonly layers: LayerStore;
  readonly mounts: LayerMounts;
  readonly cache: BuildCache;
}

/** Schema BuildCache. */
export interface CacheUsage {
  readonly ID: string;
  readonly Parents: readonly string[] | null;
  readonly Type: string;
  readonly Description: string;
  readonly InUse: boolean;
  readonly Shared: boolean;
  readonly Size: number;
  readonly CreatedAt: string;
  readonly LastUsedAt: string;
  readonly UsageCount: number;
}

export class BuildService {
  readonly #d: BuildDependencies;
  /** Contexts in the blob store, with how many builds use each. */
  readonly #contexts = new Map<Digest, number>();
  /** Results that are still to be fetched as files. */
  readonly #results = new Map<string, readonly Digest[]>();

  private constructor(dependencies: BuildDependencies) {
    this.#d = dependencies;
  }

  static async load(options: BuildServiceOptions): Promise<BuildService> {
    const { layers, mounts } = options.images.context;
    const cache = await BuildCache.load(options.records, options.clock, (layer) => layers.info(layer) !== undefined);
    return new BuildService({ ...options, layers, mounts, cache });
  }

  /** Layers that the cache wants kept though no image has them. */
  keptLayers(): readonly Digest[] {
    return this.#d.cache.list().map(({ layer }) => layer);
  }

  /** Status records while it goes on; then a result or a failure. Ending the iteration cancels the build. */
  async *build(
    request: BuildRequest,
    context: ReadableStream<Uint8Array> | undefined,
    signal: AbortSignal,
    observer?: InstructionObserver,
  ): AsyncGenerator<BuildMessage, void, undefined> {
    const queue: BuildMessage[] = [];
    let wake: () => void = () => undefined;
    const abort = new AbortController();
    const both = AbortSignal.any([signal, abort.signal]);
    const emit = (message: BuildMessage): void => {
      queue.push(message);
      wake();
    };
    let running = true;
    const work = this.#build(request, context, { emit, observer, signal: both }).finally(() => {
      running = false;
      wake();
    });
    work.catch(() => undefined);
    try {
      for (;;) {
        const message = queue.shift();
        if (message !== undefined) yield message;
        else if (!running) break;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
            if (queue.length > 0 || !running) resolve();
          });
      }
      await work;
    } finally {
      abort.abort(new EngineError("cancelled", "context canceled"));
      await work.catch(() => undefined);
    }
  }

  async #build(
    request: BuildRequest,
    source: ReadableStream<Uint8Array> | undefined,
    around: {
      readonly emit: (message: BuildMessage) => void;
      readonly observer: InstructionObserver | undefined;
      readonly signal: AbortSignal;
    },
  ): Promise<void> {
    const { emit, observer, signal } = around;
    let file = { name: request.dockerfileName, text: request.dockerfile ?? "" };
    let context: StoredContext | undefined;
    try {
      context = source === undefined ? undefined : await storeContext(source, this.#d.blobs);
      if (context !== undefined) this.#contexts.set(context.digest, (this.#contexts.get(context.digest) ?? 0) + 1);
      const progress = new BuildProgress((update: StatusUpdate) => emit(update), this.#d.clock, this.#d.randomness);
      const definition = progress.vertex(`[internal] load build definition from ${baseName(file.name)}`);
      const text = await definition.run(() =>
        definition.part(
          "transferring dockerfile:",
          () => this.#dockerfile(request, context),
          (found) => found.length,
        ),
      );
      file = { ...file, text };
      const ignore = progress.vertex("[internal] load .dockerignore");
      const { ignored } = request;
      // BuildKit counts two bytes where there is no ignore file.
      await ignore.run(() =>
        ignore.part(
          "transferring context:",
          async () => undefined,
          () => (ignored === undefined ? 2 : ignored.join("\n").length),
        ),
      );
      emit({ result: await this.#solve(request, { ...file, definition }, context, { progress, observer, signal }) });
    } catch (error) {
      if (signal.aborted) throw error;
      emit({ failure: failureOf(error, file) });
    } finally {
      if (context !== undefined) await this.#forget(context.digest);
    }
  }

  async #forget(digest: Digest): Promise<void> {
    const left = (this.#contexts.get(digest) ?? 1) - 1;
    if (left > 0) this.#contexts.set(digest, left);
    else {
      this.#contexts.delete(digest);
      if (this.#d.layers.info(digest) === undefined) await this.#d.blobs.delete(digest).catch(() => undefined);
    }
  }

  async #dockerfile(
    { dockerfile, dockerfileName, contextPrefix }: BuildRequest,
    context: StoredContext | undefined,
  ): Promise<string> {
    if (dockerfile !== undefined) return dockerfile;
    const view = new RootView([context?.layer(contextPrefix ?? "") ?? emptyLayer()]);
    const found = view.find(dockerfileName);
    if (found === undefined || found.node.type !== "file")
      throw new DockerfileError(`failed to read dockerfile: open ${dockerfileName}: no such file or directory`);
    return await readText(found);
  }

  async #solve(
    request: BuildRequest,
    file: { readonly name: string; readonly text: string; readonly definition: Vertex },
    context: StoredContext | undefined,
    around: Pick<SolveOptions, "progress" | "observer" | "signal">,
  ): Promise<BuildResult> {
    const { progress } = around;
    if (file.text.trim() === "") throw new DockerfileError("the Dockerfile cannot be empty");
    const parsed: ParsedDockerfile = parseDockerfile(file.text);
    const lint = new Linter(parsed.directives.check);
    const program = readProgram(parsed.nodes);
    checkProgram(parsed, program, lint);
    const buildArgs = request.buildArgs ?? {};
    const graph = planStages(program, {
      escapeChar: parsed.escapeChar,
      target: request.target ?? "",
      buildArgs,
      buildPlatform: machinePlatform,
      targetPlatform: request.platform ? parsePlatform(request.platform) : machinePlatform,
      lint,
    });
    const ignored = request.ignored === undefined ? undefined : new PatternMatcher(request.ignored);
    const ref = refOf(this.#d.randomness);
    if (request.check === true) {
      checkStages(graph, { escapeChar: parsed.escapeChar, buildArgs, lint, ignored });
      return { layers: [], config: {}, history: [], steps: [], warnings: lint.warnings, names: [], ref };
    }
    const epoch = Number(buildArgs.SOURCE_DATE_EPOCH ?? graph.globalArgs.get("SOURCE_DATE_EPOCH") ?? "");
    const solver = new Solver(this.#d, {
      request,
      graph,
      escapeChar: parsed.escapeChar,
      lint,
      ignored,
      context: (prefix) => context?.layer(prefix) ?? emptyLayer(),
      contextSize: context?.size ?? 0,
      epoch: (buildArgs.SOURCE_DATE_EPOCH ?? "") === "" || !Number.isInteger(epoch) ? undefined : epoch,
      ...around,
    });
    const result = await solver.solve();
    const violation = lint.failure;
    if (violation !== undefined) throw new DockerfileError(violation);
    const described = withLabels(result, request.labels ?? {});
    const names = (request.tags ?? []).map((tag) => canonicalString(withDefaultTag(parseReference(tag))));
    const image =
      (request.output ?? "image") === "image" ? await this.#export(request, described, names, progress) : undefined;
    if (request.output === "files") this.#results.set(ref, described.layers);
    for (const warning of lint.warnings) progress.warn(file.definition, warning, file);
    return {
      ...(image === undefined ? {} : { image }),
      layers: described.layers,
      config: described.state.config,
      history: described.state.history,
      steps: solver.reports,
      warnings: lint.warnings,
      names,
      ref,
    };
  }

  async #export(
    request: BuildRequest,
    { state, layers, architecture, os }: StageResult,
    names: readonly string[],
    progress: BuildProgress,
  ): Promise<ImageId> {
    const vertex = progress.vertex("exporting to image");
    return await vertex.run(async () => {
      const history = datedHistory(state.history);
      await vertex.part("exporting layers", async () => undefined);
      const id = await this.#d.images.create(
        {
          config: state.config,
          architecture,
          os,
          created: history.at(-1)?.created ?? this.#d.clock.now().toISOString(),
          layers,
          history,
        },
        { tags: request.tags ?? [], ...(state.author === "" ? {} : { author: state.author }) },
      );
      await vertex.part(`writing image ${id}`, async () => undefined);
      for (const name of names) await vertex.part(`naming to ${name}`, async () => undefined);
      return id;
    });
  }

  /** The files of a build with `output: "files"`, as a tar; once. */
  async output(ref: string): Promise<ReadableStream<Uint8Array>> {
    const layers = this.#results.get(ref);
    if (layers === undefined) throw new EngineError("notFound", `no build result ${ref}`);
    this.#results.delete(ref);
    const contents = await Promise.all(layers.map((layer) => this.#d.layers.content(layer)));
    return treeTar(new RootView(contents.length === 0 ? [emptyLayer()] : contents));
  }

  usage(): readonly CacheUsage[] {
    const shared = this.#imageLayers();
    return this.#d.cache.list().map(({ key, inputs, layer, size, title, type, created, lastUsed, uses }) => ({
      ID: idOf(key),
      Parents: inputs.parents.length === 0 ? null : inputs.parents.slice(-1).map(idOf),
      Type: type,
      Description: title,
      InUse: false,
      Shared: shared.has(layer),
      Size: size,
      CreatedAt: created,
      LastUsedAt: lastUsed,
      UsageCount: uses,
    }));
  }

  #imageLayers(): ReadonlySet<Digest> {
    return new Set(this.#d.images.context.store.list().flatMap(({ layers }) => layers));
  }

  /** `all`: also what images have, and what cache mounts hold. `until`: milliseconds since 1970. */
  async prune(options: {
    readonly all: boolean;
    readonly until?: number;
    readonly ids?: readonly string[];
    /** Bytes that may stay; what was used longest ago goes first. */
    readonly keep?: number;
  }): Promise<{ readonly CachesDeleted: readonly string[]; readonly SpaceReclaimed: number }> {
    const { cache, layers, mounts, guest } = this.#d;
    const shared = this.#imageLayers();
    const deleted: string[] = [];
    let reclaimed = 0;
    const oldest = [...cache.list()].sort((a, b) => (a.lastUsed < b.lastUsed ? -1 : 1));
    let total = oldest.reduce((sum, { size }) => sum + size, 0);
    for (const { key, layer, size, lastUsed } of oldest) {
      if (options.keep !== undefined && total <= options.keep) break;
      if (!options.all && shared.has(layer)) continue;
      if (options.until !== undefined && Date.parse(lastUsed) > options.until) continue;
      if (options.ids !== undefined && !options.ids.some((id) => idOf(key).startsWith(id))) continue;
      await cache.remove(key);
      deleted.push(idOf(key));
      total -= size;
      if (shared.has(layer) || this.keptLayers().includes(layer)) continue;
      await mounts.unmount(layer);
      await layers.remove(layer);
      reclaimed += size;
    }
    if (options.all && options.ids === undefined && options.until === undefined && options.keep === undefined)
      await guest.batch([{ op: "removeTree", path: `${buildRoot}/cache`, ignore: ["*"] }]);
    if (deleted.length > 0) this.#d.events.publish("builder", "prune", "", { reclaimed: String(reclaimed) });
    return { CachesDeleted: deleted, SpaceReclaimed: reclaimed };
  }
}

function withLabels(result: StageResult, labels: Readonly<Record<string, string>>): StageResult {
  if (Object.keys(labels).length === 0) return result;
  const { state } = result;
  return { ...result, state: { ...state, config: { ...state.config, Labels: { ...state.config.Labels, ...labels } } } };
}

function failureOf(error: unknown, file: { readonly name: string; readonly text: string }): BuildFailure {
  const inner = error instanceof StepError ? error.cause : error;
  const range =
    inner instanceof DockerfileError && inner.range !== undefined
      ? inner.range
      : error instanceof StepError
        ? error.range
        : undefined;
  return {
    message: error instanceof Error ? error.message : String(error),
    ...(error instanceof StepError ? { step: error.step } : {}),
    ...(range === undefined ? {} : { range }),
    file: file.name,
    text: file.text,
  };
}

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
/** BuildKit's ids are 25 letters and digits. */
const idOf = (digest: string): string => digest.slice("sha256:".length, "sha256:".length + 25);
const refOf = (randomness: Randomness): string =>
  Array.from(randomness.bytes(25), (byte) => (byte % 36).toString(36)).join("");
