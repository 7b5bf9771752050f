/** One step of a stage: taken from the cache, imported from another builder's, or carried out. */
import type { Digest } from "../../ports/storage.ts";
import { writeTar } from "../../tar-writer.ts";
import type { LineRange } from "../dockerfile/index.ts";
import { findOwner } from "../files/owner.ts";
import { type Layer, RootView } from "../files/root-view.ts";
import type { MissReason, StepReport } from "../model.ts";
import { isGit, isUrl } from "../plan/apply.ts";
import { findSource, type StageNode } from "../plan/graph.ts";
import type { CopyStep, RunStep, Step, WorkdirStep } from "../plan/steps.ts";
import type { BuildDependencies } from "../service.ts";
import { type CacheRecord, keyOf, type StepInputs } from "./cache.ts";
import { emptyLayer } from "./context-files.ts";
import { type CopyRequest, copyLayer, type LooseFile, selectSources } from "./copy.ts";
import { FetchError, fetchFile } from "./fetch-file.ts";
import { LayerDraft } from "./layer-draft.ts";
import type { Vertex } from "./progress.ts";
import { boundFiles, type MountSource, randomRef, runDefinition, runLayer } from "./run-layer.ts";
import type { SolveOptions } from "./solver.ts";
import { layerOf, type Sources } from "./sources.ts";
import { StepError } from "./step-error.ts";

/** The tar of nothing: what an instruction leaves that changed no file. */
const nothingChanged: Digest = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

export interface StepResult {
  readonly layer: Digest;
  readonly created: string;
  readonly cached: boolean;
}

export class Steps {
  readonly #d: BuildDependencies;
  readonly #o: SolveOptions;
  readonly #sources: Sources;
  readonly #layersOf: (node: StageNode) => Promise<readonly Digest[]>;
  /** Of the steps so far, as they ended. */
  readonly reports: StepReport[] = [];

  /** `layersOf`: of a stage, which is built for it where it is not yet. */
  constructor(
    dependencies: BuildDependencies,
    options: SolveOptions,
    sources: Sources,
    layersOf: (node: StageNode) => Promise<readonly Digest[]>,
  ) {
    this.#d = dependencies;
    this.#o = options;
    this.#sources = sources;
    this.#layersOf = layersOf;
  }

  async perform(
    node: StageNode,
    below: readonly Digest[],
    step: Step,
    title: string,
    range: LineRange,
  ): Promise<StepResult> {
    const vertex = this.#o.progress.vertex(title);
    try {
      switch (step.kind) {
        case "workdir":
          return await this.#cached(
            node,
            { parents: below, definition: JSON.stringify(step), files: undefined },
            title,
            vertex,
            () => this.#workdir(below, step),
          );
        case "copy":
          return await this.#copy(node, below, step, title, vertex);
        case "run":
          return await this.#run(node, below, step, title, vertex);
      }
    } catch (error) {
      // Of a step that it needs: this one has not begun.
      if (error instanceof StepError) throw error;
      vertex.failed(error);
      if (this.#o.signal.aborted) throw error;
      // BuildKit's sources know no lines: only what an instruction itself does wrong is shown with them.
      throw new StepError(error, title, error instanceof FetchError ? undefined : range, this.reports);
    }
  }

  async #cached(
    node: StageNode,
    inputs: StepInputs,
    title: string,
    vertex: Vertex,
    work: () => Promise<{ readonly diffId: Digest; readonly size: number }>,
  ): Promise<StepResult> {
    const { request, signal } = this.#o;
    const { cache } = this.#d;
    const name = title.replace(/^\[[^\]]*\] /, "");
    const epoch =
      this.#o.epoch === undefined ? inputs : { ...inputs, definition: `${inputs.definition} ${this.#o.epoch}` };
    const skip =
      request.noCache === true ||
      (node.stage.stage !== "" && request.noCacheFilter?.includes(node.stage.stage) === true);
    const own = skip ? undefined : await cache.find(epoch);
    const imported = skip || own !== undefined ? undefined : await this.#importStep(epoch, name);
    const hit = own ?? imported;
    if (hit !== undefined) {
      vertex.cached();
      this.reports.push({ title, cached: true, key: hit.key, reasons: imported === undefined ? [] : [given] });
      return { layer: hit.layer, created: hit.created, cached: true };
    }
    const why = skip ? refused : cache.explain(epoch, name);
    vertex.start();
    const { diffId, size } = await work();
    signal.throwIfAborted();
    const record = await cache.add(epoch, name, diffId, size);
    vertex.done();
    const reasons = skip || !request.cacheFrom?.length ? why.reasons : [...why.reasons, notGiven];
    this.reports.push({ title, cached: false, key: record.key, ...why, reasons });
    return { layer: diffId, created: record.created, cached: false };
  }

  async #importStep(inputs: StepInputs, name: string): Promise<CacheRecord | undefined> {
    const step = this.#o.imported(keyOf(inputs));
    if (step === undefined) return undefined;
    try {
      const known = this.#d.layers.info(step.diffId);
      const { size } =
        known ?? (await this.#d.layers.addTar(await step.open(this.#o.signal), { expected: step.diffId }));
      return await this.#d.cache.add(inputs, name, step.diffId, size, step.created);
    } catch (error) {
      if (this.#o.signal.aborted) throw error;
      // What a cache promises and does not hold is done anew.
      return undefined;
    }
  }

  async #view(layers: readonly Digest[]): Promise<RootView> {
    const contents = await Promise.all(
      layers.filter((layer) => layer !== nothingChanged).map((layer) => this.#d.layers.content(layer)),
    );
    return new RootView(contents.length === 0 ? [emptyLayer()] : contents);
  }

  #now(): number {
    return this.#o.epoch ?? Math.floor(this.#d.clock.now().getTime() / 1000);
  }

  async #workdir(below: readonly Digest[], { path, owner }: WorkdirStep) {
    const view = await this.#view(below);
    const draft = new LayerDraft(view, this.#now(), owner === "" ? undefined : await findOwner(owner, view));
    if (view.find(path) === undefined) draft.put(`${path}/`, undefined);
    return await this.#d.layers.addTar(writeTar(draft.members()));
  }

  /** A stage, an image or a context by the name that COPY --from and mounts use. */
  async #source(
    from: string,
    range: LineRange,
  ): Promise<{ readonly layers: readonly Digest[] } | { readonly layer: Layer }> {
    const { graph } = this.#o;
    if (from === "") return { layer: await this.#sources.context("") };
    const named = this.#sources.named(from);
    if (named !== undefined)
      return "image" in named
        ? { layers: (await this.#sources.image(named.image, "")).layers }
        : { layer: await this.#sources.context(from) };
    if (from === "scratch") return { layers: [] };
    const stage = findSource(graph.nodes, from, range);
    if (stage !== undefined) return { layers: await this.#layersOf(stage) };
    return { layers: (await this.#sources.copied(from)).layers };
  }

  async #copy(node: StageNode, below: readonly Digest[], step: CopyStep, title: string, vertex: Vertex) {
    const range = node.stage.range;
    const local = step.sources.filter((source) => !step.add || !(isUrl(source) || isGit(source)));
    const remote = step.sources.filter((source) => step.add && (isUrl(source) || isGit(source)));
    const needsSource = local.length > 0;
    const source = needsSource ? await this.#source(step.from, range) : { layers: [] };
    const loose: LooseFile[] = step.inline.map(({ name, content }) => ({
      name,
      content: new TextEncoder().encode(content),
      mode: 0o644,
      mtime: this.#now(),
    }));
    for (const url of remote) loose.push(await fetchFile(this.#d.fetch, url, { ...step, signal: this.#o.signal }));
    const [sourceView, stage] = await Promise.all([
      "layer" in source ? new RootView([source.layer]) : this.#view(source.layers),
      this.#view(below),
    ]);
    const copy: CopyRequest = {
      step: { ...step, sources: local },
      source: sourceView,
      sourceId: randomRef(this.#d),
      destination: step.link ? new RootView([emptyLayer()]) : stage,
      stage,
      loose,
    };
    const selection = await selectSources(copy);
    const { destination: to, chown, chmod, parents, exclude, add, unpack } = step;
    const inputs: StepInputs = {
      parents: step.link ? [] : below,
      definition: JSON.stringify({ kind: "copy", to, chown, chmod, parents, exclude, add, unpack }),
      files: selection.checksums,
    };
    return await this.#cached(node, inputs, title, vertex, async () =>
      this.#d.layers.addTar(writeTar(await copyLayer(copy, selection, this.#now()))),
    );
  }

  async #run(node: StageNode, below: readonly Digest[], step: RunStep, title: string, vertex: Vertex) {
    const { request, signal, observer } = this.#o;
    const sources = new Map<string, Promise<MountSource>>();
    const source = (from: string): Promise<MountSource> => {
      const known = sources.get(from) ?? this.#mountSource(from, node.stage.range);
      sources.set(from, known);
      return known;
    };
    const inputs: StepInputs = {
      parents: below,
      definition: runDefinition(step, request),
      files: await boundFiles(this.#d, step, source),
    };
    return await this.#cached(node, inputs, title, vertex, async () =>
      runLayer(this.#d, {
        step,
        build: request,
        lowers: await this.#d.mounts.mount(below.filter((layer) => layer !== nothingChanged)),
        root: step.mounts.length === 0 ? undefined : await this.#view(below),
        source,
        output: (stream, data) => {
          vertex.log(stream, data);
          observer?.output(stream, data);
        },
        signal,
      }),
    );
  }

  async #mountSource(from: string, range: LineRange): Promise<MountSource> {
    const source = await this.#source(from, range);
    const view = "layer" in source ? new RootView([source.layer]) : await this.#view(source.layers);
    const lowers = async (): Promise<readonly string[]> => {
      if (!("layer" in source))
        return await this.#d.mounts.mount(source.layers.filter((layer) => layer !== nothingChanged));
      // Files of a context come into the machine as a layer of their own.
      return await this.#d.mounts.mount([await layerOf(this.#d, view)]);
    };
    const name = async (): Promise<string> =>
      "layer" in source ? await layerOf(this.#d, view) : source.layers.join(",");
    return { view, lowers, name };
  }
}

const given: MissReason = { kind: "import", subject: "", text: "from a cache that was given (--cache-from)" };
const notGiven: MissReason = { ...given, text: "no cache that was given has it (--cache-from)" };
const refused: Pick<StepReport, "reasons"> = {
  reasons: [{ kind: "refused", subject: "", text: "the cache was not asked (--no-cache)" }],
};
