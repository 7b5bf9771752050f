/** Carries a plan out: stages side by side where they do not need each other, each step from the cache or anew. */
import type { ImageHistory } from "../../domains.ts";
import { machinePlatform } from "../../images/platform.ts";
import type { Digest } from "../../ports/storage.ts";
import { writeTar } from "../../tar-writer.ts";
import {
  type Command,
  DockerfileError,
  type LineRange,
  type Linter,
  type PatternMatcher,
  parseDockerfile,
  readCommand,
} from "../dockerfile/index.ts";
import { digestText } from "../files/digest.ts";
import { findOwner } from "../files/owner.ts";
import { type Layer, RootView } from "../files/root-view.ts";
import type { Material, StepReport } from "../model.ts";
import { type Applied, applyCommand, isGit, isUrl } from "../plan/apply.ts";
import { dependencies, findSource, type StageGraph, type StageNode } from "../plan/graph.ts";
import { continueState, newState, type StageState } from "../plan/stage-state.ts";
import type { CopyStep, RunStep, Step, WorkdirStep } from "../plan/steps.ts";
import type { BuildDependencies } from "../service.ts";
import { type CacheRecord, keyOf, type StepInputs } from "./cache.ts";
import type { ImportedStep } from "./cache-transfer.ts";
import { emptyLayer } from "./context-files.ts";
import { type CopyRequest, copyLayer, type LooseFile, selectSources } from "./copy.ts";
import { fetchFile } from "./fetch-file.ts";
import { LayerDraft } from "./layer-draft.ts";
import type { Vertex } from "./progress.ts";
import { boundFiles, type MountSource, randomRef, runDefinition, runLayer } from "./run-layer.ts";
import { layerOf, longName, type SourceOptions, Sources } from "./sources.ts";

/** The tar of nothing: what an instruction leaves that changed no file. */
const nothingChanged: Digest = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

export interface StageResult {
  readonly state: StageState;
  readonly layers: readonly Digest[];
  readonly architecture: string;
  readonly os: string;
}

export interface SolveOptions extends SourceOptions {
  readonly graph: StageGraph;
  readonly escapeChar: string;
  readonly lint: Linter;
  readonly ignored: PatternMatcher | undefined;
  /** A step of another builder's cache, by its key. */
  readonly imported: (key: Digest) => ImportedStep | undefined;
  /** Of SOURCE_DATE_EPOCH, in seconds. */
  readonly epoch: number | undefined;
  /** Is told of each instruction as the classic builder reports them; then stages are built one after the other. */
  readonly observer: InstructionObserver | undefined;
}

export interface InstructionObserver {
  /** `total`: of the instructions up to the target. */
  started(code: string, total: number): void;
  /** `id`: of what the stage is so far. */
  ended(kind: "from" | Command["kind"], cached: boolean, id: string): void;
  output(stream: 1 | 2, data: Uint8Array): void;
}

interface StepResult {
  readonly layer: Digest;
  readonly created: string;
  readonly cached: boolean;
}

/** A step that failed: the title of it goes with the error. */
export class StepError extends Error {
  override readonly name = "StepError";
  readonly step: string;
  readonly range: LineRange | undefined;
  /** What was done before it. */
  readonly done: readonly StepReport[];
  constructor(cause: unknown, step: string, range: LineRange | undefined, done: readonly StepReport[]) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.step = step;
    this.range = range;
    this.done = done;
  }
}

export class Solver {
  readonly #d: BuildDependencies;
  readonly #o: SolveOptions;
  readonly #stages = new Map<StageNode, Promise<StageResult>>();
  readonly #sources: Sources;
  readonly reports: StepReport[] = [];

  constructor(dependencies: BuildDependencies, options: SolveOptions) {
    this.#d = dependencies;
    this.#o = options;
    this.#sources = new Sources(dependencies, options);
  }

  get materials(): readonly Material[] {
    return this.#sources.materials;
  }

  async solve(): Promise<StageResult> {
    const { target, nodes } = this.#o.graph;
    if (this.#o.observer !== undefined) for (const node of nodes.slice(0, target.index)) await this.#stage(node);
    return await this.#stage(target);
  }

  #stage(node: StageNode): Promise<StageResult> {
    const known = this.#stages.get(node);
    if (known !== undefined) return known;
    const result = this.#evaluate(node);
    // Whoever needs it gets the error; nobody else is to be told.
    result.catch(() => undefined);
    this.#stages.set(node, result);
    return result;
  }

  async #evaluate(node: StageNode): Promise<StageResult> {
    const { graph } = this.#o;
    const { observer } = this.#o;
    if (observer === undefined) for (const needed of dependencies(graph.nodes, node)) void this.#stage(needed);
    observer?.started(node.stage.code, this.#instructions);
    const replaced = this.#sources.named(node.stage.stage);
    if (replaced !== undefined) return await this.#namedStage(node.stage.stage);
    const base = await this.#base(node);
    const triggers = base.triggers.map((trigger) => this.#trigger(trigger, node));
    const commands = [...triggers, ...node.stage.commands];
    const total = (base.title === undefined ? 0 : 1) + commands.filter((command) => takesStep(command)).length;
    const titles = new Titles(node.label, total);
    if (base.title !== undefined) {
      const vertex = this.#o.progress.vertex(titles.next(base.title));
      if (base.isPresent) vertex.cached();
      else vertex.start().done();
    }
    const { state } = base;
    const layers = [...base.layers];
    const ended = (kind: "from" | Command["kind"], cached: boolean): void =>
      observer?.ended(kind, cached, digestText(JSON.stringify([layers, state.config])));
    ended("from", false);
    for (const [i, command] of commands.entries()) {
      this.#o.signal.throwIfAborted();
      observer?.started(command.code, this.#instructions);
      const applied = this.#apply(state, command);
      if (applied.step === undefined) {
        ended(command.kind, false);
        continue;
      }
      const title = titles.next(`${i < triggers.length ? "ONBUILD " : ""}${applied.title}`);
      const { layer, created, cached } = await this.#perform(node, [...layers], applied.step, title, command.range);
      layers.push(layer);
      ended(command.kind, cached);
      const last = state.history.length - 1;
      const entry = state.history[last];
      if (entry !== undefined) state.history[last] = { ...entry, created: this.#created ?? created };
    }
    return { state, layers, architecture: base.architecture, os: base.os };
  }

  get #instructions(): number {
    const { nodes, target } = this.#o.graph;
    return nodes.slice(0, target.index + 1).reduce((sum, { stage }) => sum + 1 + stage.commands.length, 0);
  }

  get #created(): string | undefined {
    const { epoch } = this.#o;
    return epoch === undefined ? undefined : new Date(epoch * 1000).toISOString();
  }

  #apply(state: StageState, command: Command): Applied {
    const { escapeChar, request, graph, lint, ignored } = this.#o;
    return applyCommand(state, command, {
      escapeChar,
      buildArgs: request.buildArgs ?? {},
      globalArgs: graph.globalArgs,
      lint,
      created: this.#created,
      ignored,
    });
  }

  #trigger(text: string, node: StageNode): Command {
    const [parsed] = parseDockerfile(text).nodes;
    if (parsed === undefined) throw new DockerfileError("onbuild trigger should be a single expression");
    const { start, end } = node.stage.range;
    return readCommand({ ...parsed, startLine: start, endLine: end });
  }

  async #base(node: StageNode): Promise<{
    readonly state: StageState;
    readonly layers: readonly Digest[];
    readonly architecture: string;
    readonly os: string;
    readonly triggers: readonly string[];
    /** Of the step that provides it; stages and scratch need none. */
    readonly title: string | undefined;
    readonly isPresent?: boolean;
  }> {
    const { base } = node;
    if (base.kind === "stage") {
      const { state, layers, architecture, os } = await this.#stage(base.node);
      return {
        state: continueState(state),
        layers,
        architecture,
        os,
        triggers: state.config.OnBuild ?? [],
        title: undefined,
      };
    }
    const { os, architecture } = machinePlatform;
    if (base.kind !== "image")
      return { state: newState({}, [], ""), layers: [], architecture, os, triggers: [], title: undefined };
    const named = this.#sources.named(base.name);
    if (named !== undefined && !("image" in named))
      return { ...(await this.#namedStage(base.name)), triggers: [], title: undefined };
    try {
      const image = await this.#sources.image(base.name, node.platform);
      this.#sources.used(base.name, image);
      return {
        state: newState(image.config, image.history, ""),
        layers: image.layers,
        architecture: image.architecture,
        os: image.os,
        triggers: image.config.OnBuild ?? [],
        title: `FROM ${longName(base.name)}`,
        isPresent: this.#sources.wasPresent(image),
      };
    } catch (error) {
      if (this.#o.signal.aborted) throw error;
      throw new StepError(error, `[internal] load metadata for ${longName(base.name)}`, node.stage.range, this.reports);
    }
  }

  /** A context in a stage's place: an image, or files without a configuration. */
  async #namedStage(name: string): Promise<StageResult> {
    const named = this.#sources.named(name);
    if (named !== undefined && "image" in named) {
      const { config, history, layers, architecture, os } = await this.#sources.image(named.image, "");
      return { state: newState(config, history, ""), layers, architecture, os };
    }
    const { os, architecture } = machinePlatform;
    const layers = [await this.#sources.contextLayer(name)];
    const history = [{ created_by: `context ${name}`, comment: "buildkit.dockerfile.v0" }];
    return { state: newState({}, history, ""), layers, architecture, os };
  }

  async #perform(
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
      vertex.failed(error);
      if (this.#o.signal.aborted || error instanceof StepError) throw error;
      throw new StepError(error, title, range, this.reports);
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
    const hit = skip ? undefined : ((await cache.find(epoch)) ?? (await this.#importStep(epoch, name)));
    if (hit !== undefined) {
      vertex.cached();
      this.reports.push({ title, cached: true, key: hit.key, reasons: [] });
      return { layer: hit.layer, created: hit.created, cached: true };
    }
    const why = skip ? refused : cache.explain(epoch, name);
    vertex.start();
    const { diffId, size } = await work();
    signal.throwIfAborted();
    const record = await cache.add(epoch, name, diffId, size);
    vertex.done();
    this.reports.push({ title, cached: false, key: record.key, ...why });
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
    if (stage !== undefined) return { layers: (await this.#stage(stage)).layers };
    return { layers: (await this.#sources.image(from, "")).layers };
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
      mtime: this.#o.epoch ?? 0,
    }));
    for (const url of remote) loose.push(await fetchFile(this.#d.fetch, url, step.checksum, this.#o.signal));
    const [sourceView, destination] = await Promise.all([
      "layer" in source ? new RootView([source.layer]) : this.#view(source.layers),
      this.#view(step.link ? [] : below),
    ]);
    const copy: CopyRequest = {
      step: { ...step, sources: local },
      source: sourceView,
      sourceId: randomRef(this.#d),
      destination: step.link && step.chown !== "" ? await this.#view(below) : destination,
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
    return { view, lowers };
  }
}

const refused: Pick<StepReport, "reasons"> = {
  reasons: [{ kind: "refused", subject: "", text: "the cache was not asked (--no-cache)" }],
};

/** "[stage 2/4] " in front of each step; the number is as wide as the total. */
class Titles {
  readonly #label: string;
  readonly #total: number;
  #index = 0;
  constructor(label: string, total: number) {
    this.#label = label;
    this.#total = total;
  }
  next(text: string): string {
    const number = String(++this.#index).padStart(String(this.#total).length);
    return `[${this.#label === "" ? "" : `${this.#label} `}${number}/${this.#total}] ${text}`;
  }
}

const takesStep = ({ kind }: Command): boolean => ["run", "copy", "add", "workdir"].includes(kind);

/** Times of steps that changed nothing follow the step before, as BuildKit fills them in. */
export function datedHistory(history: readonly ImageHistory[]): readonly ImageHistory[] {
  let last: string | undefined;
  return history.map((entry) => {
    last = entry.created ?? last;
    if (entry.created !== undefined || last === undefined) return entry;
    return { created: last, ...entry };
  });
}
