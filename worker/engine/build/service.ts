/** Builds, and what they leave: the cache, the records. The API and the CLI call this; how a build is carried out is in ./solve. */
import type { EventSink, Networks } from "../domains.ts";
import { EngineError } from "../errors.ts";
import type { ImageService } from "../images/index.ts";
import type { LayerMounts } from "../images/layers/layer-mounts.ts";
import type { LayerStore } from "../images/layers/layer-store.ts";
import { tryParseReference, withDefaultTag } from "../images/reference.ts";
import type { Guest } from "../ports/guest.ts";
import type { Clock, Fetch, Randomness } from "../ports/host.ts";
import type { BlobStore, Digest, RecordStore } from "../ports/storage.ts";
import { type CacheUsage, cacheUsage, type Pruned, type PruneOptions, pruneCache } from "./cache-usage.ts";
import { Contexts } from "./contexts.ts";
import { DockerfileError, PatternMatcher, readIgnoreFile } from "./dockerfile/index.ts";
import { syntaxOf } from "./dockerfile/syntax.ts";
import { type Evaluated, evaluate } from "./evaluate.ts";
import { RootView, readText } from "./files/root-view.ts";
import { type SentFile, transferSize } from "./files/transfer-size.ts";
import { givenSyntax, resolveFrontend } from "./frontend.ts";
import { BuildHistory } from "./history.ts";
import {
  type CreatedIndex,
  type CreateIndexOptions,
  createIndex,
  type InspectedManifest,
  inspectManifest,
  type LookOptions,
} from "./imagetools.ts";
import type { BuildFailure, BuildMessage, BuildRequest, Material } from "./model.ts";
import { openRemote } from "./remote/remote-context.ts";
import { BuildCache, type CacheRecord } from "./solve/cache.ts";
import { CacheMounts } from "./solve/cache-mounts.ts";
import { localCache } from "./solve/cache-transfer.ts";
import { emptyLayer, type StoredContext } from "./solve/context-files.ts";
import { BuildProgress, type StatusUpdate, type Vertex } from "./solve/progress.ts";
import type { RunEnvironment } from "./solve/run.ts";
import type { InstructionObserver } from "./solve/solver.ts";
import { StepError } from "./solve/step-error.ts";
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
  readonly cacheMounts: CacheMounts;
}

/** Of finished builds, what a client may still fetch. */
interface Kept {
  readonly layers: readonly Digest[];
  readonly cache: readonly CacheRecord[];
}
/** Results whose client never came for them go after this many newer ones. */
const maxKept = 50;

/** The Dockerfile and the context that a build starts from. */
interface Source {
  /** `definition`: the step that read it, and goes on until its checks are told. */
  readonly file: { readonly name: string; readonly text: string; readonly definition: Vertex };
  readonly context: StoredContext | undefined;
  readonly ignored: PatternMatcher | undefined;
  readonly materials: readonly Material[];
  readonly showIgnoreFile: () => Promise<void>;
}
interface Around {
  readonly ref: string;
  readonly emit: (message: BuildMessage) => void;
  readonly observer: InstructionObserver | undefined;
  readonly signal: AbortSignal;
}

export class BuildService {
  readonly #d: BuildDependencies;
  readonly #contexts: Contexts;
  readonly history: BuildHistory;
  readonly #kept = new Map<string, Kept>();

  private constructor(dependencies: BuildDependencies, contexts: Contexts, history: BuildHistory) {
    this.#d = dependencies;
    this.#contexts = contexts;
    this.history = history;
  }

  static async load(options: BuildServiceOptions): Promise<BuildService> {
    const { layers, mounts } = options.images.context;
    const { records, clock, blobs } = options;
    const cache = await BuildCache.load(records, clock, (layer) => layers.info(layer) !== undefined);
    const contexts = await Contexts.load(blobs, records, (digest) => layers.info(digest) !== undefined);
    let environment: Promise<RunEnvironment> | undefined;
    const runEnvironment = (): Promise<RunEnvironment> => {
      environment ??= options.runEnvironment();
      environment.catch(() => {
        environment = undefined;
      });
      return environment;
    };
    const cacheMounts = new CacheMounts();
    const history = await BuildHistory.load(records, clock);
    return new BuildService({ ...options, runEnvironment, layers, mounts, cache, cacheMounts }, contexts, history);
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
    // Whatever ends it, its steps say what BuildKit's do.
    const cancel = (): void => abort.abort(new EngineError("cancelled", "context canceled"));
    signal.addEventListener("abort", cancel);
    if (signal.aborted) cancel();
    const recorder = this.history.start(request.ref ?? newRef(this.#d.randomness), request);
    const emit = (message: BuildMessage): void => {
      recorder.note(message);
      queue.push(message);
      wake();
    };
    let running = true;
    const work = this.#build(request, context, { ref: recorder.ref, emit, observer, signal: abort.signal }).finally(
      () => {
        running = false;
        wake();
      },
    );
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
      signal.removeEventListener("abort", cancel);
      cancel();
      await work.catch(() => undefined);
      await this.history.end(recorder);
    }
  }

  async #build(request: BuildRequest, stream: ReadableStream<Uint8Array> | undefined, around: Around): Promise<void> {
    const { emit, observer, signal, ref } = around;
    let file = { name: request.dockerfileName, text: request.dockerfile ?? "" };
    const opened: StoredContext[] = [];
    const open = async (tar: ReadableStream<Uint8Array>): Promise<StoredContext> => {
      const stored = await this.#contexts.open(tar);
      opened.push(stored);
      return stored;
    };
    try {
      const progress = new BuildProgress((update: StatusUpdate) => emit(update), this.#d.clock, this.#d.randomness);
      const given = givenSyntax(request.buildArgs);
      if (given !== undefined && observer === undefined) await resolveFrontend(given, progress);
      const keepGitDir = /^(1|t|true)$/i.test(request.buildArgs?.BUILDKIT_CONTEXT_KEEP_GIT_DIR ?? "");
      const remote =
        request.remote === undefined
          ? undefined
          : await progress
              .vertex(`[internal] load remote build context`)
              .run(() => openRemote(this.#d.fetch, request.remote ?? "", { keepGitDir, signal }));
      const tar = remote === undefined ? stream : remote.tar;
      const context = tar === undefined ? undefined : await open(tar);
      const source = await this.#source(
        remote?.dockerfile === undefined ? request : { ...request, dockerfile: remote.dockerfile },
        context,
        progress,
      );
      file = source.file;
      const syntax = given === undefined && observer === undefined ? syntaxOf(file.text) : undefined;
      if (syntax !== undefined) {
        source.file.definition.done();
        await resolveFrontend(syntax, progress);
      }
      const evaluated = await evaluate(this.#d, request, {
        ...source,
        materials: remote === undefined ? [] : [{ uri: remote.uri, digest: remote.digest }],
        remote: async (address) => {
          const { tar: files } = await openRemote(this.#d.fetch, address, { keepGitDir, signal });
          if (files === undefined) throw new DockerfileError(`build context ${address} is no archive`);
          return (await open(files)).layer("");
        },
        ref,
        progress,
        observer,
        signal,
      });
      if (request.outputs?.includes("files") === true || request.cacheTo?.some(({ type }) => type === "local") === true)
        this.#keep(ref, evaluated);
      emit({ result: evaluated.result });
    } catch (error) {
      if (signal.aborted) throw error;
      emit({ failure: failureOf(error, file) });
    } finally {
      for (const stored of opened) await this.#contexts.release(stored);
    }
  }

  #keep(ref: string, { result, cache }: Evaluated): void {
    this.#kept.set(ref, { layers: result.layers, cache });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxKept && oldest !== undefined) this.#kept.delete(oldest);
  }

  async #source(
    request: BuildRequest,
    context: StoredContext | undefined,
    progress: BuildProgress,
  ): Promise<Pick<Source, "file" | "context" | "ignored" | "showIgnoreFile">> {
    const name = request.dockerfileName;
    const view = new RootView([context?.layer(request.contextPrefix ?? "") ?? emptyLayer()]);
    const base = name.slice(name.lastIndexOf("/") + 1);
    const definition = progress.vertex(`[internal] load build definition from ${base}`);
    definition.start();
    const text = await definition.part(
      "transferring dockerfile:",
      () => dockerfileOf(request, view),
      (found) => transferSize(found === undefined ? [] : [sentFile(base, found)]),
    );
    if (text === undefined) {
      definition.done();
      throw new DockerfileError(`failed to read dockerfile: open ${name}: no such file or directory`);
    }
    // A client that sends a folder has left out what its ignore file names; in an archive it is still there.
    const given = request.ignored;
    const patterns = given ?? (request.dockerfile === undefined ? await ignoreFileOf(name, view) : undefined);
    // BuildKit asks for it when base images are looked up already.
    let shown: Promise<void> | undefined;
    const showOne = async (owner: string, part: string, found: readonly string[] | undefined): Promise<void> => {
      const ignore = progress.vertex(`[${owner}] load .dockerignore`);
      const size = transferSize(found === undefined ? [] : [sentFile(".dockerignore", `${found.join("\n")}\n`)]);
      const nothing = async (): Promise<void> => undefined;
      await ignore.run(() => ignore.part(`transferring ${part}:`, nothing, () => size));
    };
    const show = async (): Promise<void> => {
      for (const [context, named] of Object.entries(request.contexts ?? {}))
        if ("prefix" in named) await showOne(`context ${context}`, context, named.ignored);
      await showOne("internal", "context", patterns);
    };
    const showIgnoreFile = (): Promise<void> => {
      shown ??= show();
      return shown;
    };
    return {
      showIgnoreFile,
      file: { name, text, definition },
      context:
        given !== undefined || patterns === undefined || context === undefined
          ? context
          : withoutIgnored(context, request.contextPrefix ?? "", new PatternMatcher(patterns)),
      ignored: patterns === undefined ? undefined : new PatternMatcher(patterns),
    };
  }

  /** The files of a build with the output "files", as a tar. */
  async output(ref: string): Promise<ReadableStream<Uint8Array>> {
    const { layers } = this.#result(ref);
    const contents = await Promise.all(layers.map((layer) => this.#d.layers.content(layer)));
    return treeTar(new RootView(contents.length === 0 ? [emptyLayer()] : contents));
  }

  /** The cache of a build with `cacheTo` of type "local": an OCI layout as a tar. */
  async exportedCache(ref: string, tag: string): Promise<ReadableStream<Uint8Array>> {
    return await localCache(this.#d.images.context, this.#result(ref).cache, tag);
  }

  hasImage(reference: string): boolean {
    const { store } = this.#d.images.context;
    const parsed = tryParseReference(reference);
    return parsed !== undefined && store.lookup(withDefaultTag(parsed)) !== undefined;
  }

  #result(ref: string): Kept {
    const kept = this.#kept.get(ref);
    if (kept === undefined) throw new EngineError("notFound", `no build result ${ref}`);
    return kept;
  }

  async inspectManifest(name: string, options: LookOptions): Promise<InspectedManifest> {
    return await inspectManifest(this.#d.images.context, name, options);
  }
  async createIndex(options: CreateIndexOptions): Promise<CreatedIndex> {
    return await createIndex(this.#d.images.context, options);
  }

  usage(): readonly CacheUsage[] {
    return cacheUsage(this.#d);
  }
  async prune(options: PruneOptions): Promise<Pruned> {
    return await pruneCache(this.#d, options);
  }
}

async function dockerfileOf({ dockerfile, dockerfileName }: BuildRequest, view: RootView): Promise<string | undefined> {
  if (dockerfile !== undefined) return dockerfile;
  const found = view.find(dockerfileName);
  return found?.node.type === "file" ? await readText(found) : undefined;
}

const sentFile = (path: string, text: string): SentFile => ({ path, size: new TextEncoder().encode(text).length });

/** "<Dockerfile>.dockerignore" comes before the context's own. */
async function ignoreFileOf(dockerfileName: string, view: RootView): Promise<readonly string[] | undefined> {
  for (const name of [`${dockerfileName}.dockerignore`, ".dockerignore"]) {
    const found = view.find(name);
    if (found !== undefined) return readIgnoreFile(await readText(found));
  }
  return undefined;
}

const withoutIgnored = (context: StoredContext, own: string, ignored: PatternMatcher): StoredContext => ({
  ...context,
  layer: (prefix) => context.layer(prefix, prefix === own ? ignored : undefined),
});

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
    ...(error instanceof StepError ? { step: error.step, steps: error.done } : {}),
    ...(range === undefined ? {} : { range }),
    ...(inner instanceof DockerfileError && inner.via.length > 0 ? { via: inner.via } : {}),
    file: file.name,
    text: file.text,
  };
}

const newRef = (randomness: Randomness): string =>
  Array.from(randomness.bytes(25), (byte) => (byte % 36).toString(36)).join("");
