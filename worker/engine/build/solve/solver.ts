/** Carries a plan out: stages side by side where they do not need each other, each from its base through its instructions. */
import type { Image, ImageConfig, ImageHistory } from "../../domains.ts";
import { machinePlatform } from "../../images/platform.ts";
import type { Digest } from "../../ports/storage.ts";
import {
  type Command,
  DockerfileError,
  type LineRange,
  type Linter,
  type PatternMatcher,
} from "../dockerfile/index.ts";
import { mountFrom } from "../dockerfile/mount.ts";
import { digestText } from "../files/digest.ts";
import { checkStages, triggered } from "../lint-stages.ts";
import type { Material, StepReport } from "../model.ts";
import { type Applied, applyCommand } from "../plan/apply.ts";
import { dependencies, findSource, neededStages, type StageGraph, type StageNode } from "../plan/graph.ts";
import { type ImageStep, imageSteps } from "../plan/image-steps.ts";
import { continueState, newState, type StageState, scratchConfig } from "../plan/stage-state.ts";
import type { BuildDependencies } from "../service.ts";
import type { ImportedStep } from "./cache-transfer.ts";
import { longName, type SourceOptions, Sources } from "./sources.ts";
import { StepError } from "./step-error.ts";
import { Steps } from "./steps.ts";

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
  /** One of a base image's triggers; with the first of them, how many there are. */
  triggered(all: number | undefined): void;
  /** `id`: of what the stage is so far, where no trigger follows. */
  ended(kind: "from" | Command["kind"], cached: boolean, id: string | undefined): void;
  output(stream: 1 | 2, data: Uint8Array): void;
}

export class Solver {
  readonly #o: SolveOptions;
  readonly #stages = new Map<StageNode, Promise<StageResult>>();
  readonly #sources: Sources;
  readonly #steps: Steps;
  #imageSteps: ReadonlyMap<string, ImageStep> | undefined;

  constructor(dependencies: BuildDependencies, options: SolveOptions) {
    this.#o = options;
    this.#sources = new Sources(dependencies, options, (name, image) => this.#imageTitle(name, image));
    this.#steps = new Steps(dependencies, options, this.#sources, async (node) => (await this.#stage(node)).layers);
  }

  get reports(): readonly StepReport[] {
    return this.#steps.reports;
  }
  get materials(): readonly Material[] {
    return this.#sources.materials;
  }

  /** The checks of what can be known before the first step: base images that are here. What is wrong is told by {@link lookOver}. */
  async preview(): Promise<void> {
    const needed = this.#needed();
    const bases = new Map<StageNode, ImageConfig | undefined>();
    for (const node of needed) bases.set(node, await this.#localBase(node));
    try {
      this.#check(needed, bases);
    } catch (error) {
      if (!(error instanceof DockerfileError)) throw error;
    }
  }

  /** Looks base images up and applies all instructions, so that what is wrong with one stops the build before its first step. */
  async lookOver(): Promise<void> {
    const needed = this.#needed();
    const baseOf = async (node: StageNode) =>
      [node, this.#hasImage(node) ? (await this.#baseImage(node)).config : noImage] as const;
    const [bases] = await Promise.all([
      Promise.all(needed.map(baseOf)),
      Promise.all(needed.flatMap((node) => this.#imageSources(node)).map((source) => this.#sourceImage(source))),
    ]);
    await this.#o.showIgnoreFile();
    this.#check(needed, new Map(bases));
  }

  /** For who wants no build: all stages are checked, nothing is downloaded, and base images that are not here count as empty. */
  async look(): Promise<void> {
    const { nodes } = this.#o.graph;
    const bases = new Map<StageNode, ImageConfig>();
    for (const node of nodes) {
      const local = await this.#localBase(node);
      if (local !== undefined && this.#hasImage(node)) await this.#baseImage(node);
      bases.set(node, local ?? noImage);
    }
    await this.#o.showIgnoreFile();
    this.#check(nodes, bases);
  }

  #needed(): readonly StageNode[] {
    return neededStages(this.#o.graph, ({ stage }) => this.#sources.named(stage.stage) !== undefined).filter(
      ({ stage }) => this.#sources.named(stage.stage) === undefined,
    );
  }
  /** What COPY --from and mounts name that is neither a stage nor a context. */
  #imageSources({ stage }: StageNode): readonly ImageSource[] {
    return stage.commands.flatMap((command) => {
      const { range } = command;
      const names =
        command.kind === "copy" ? [command.from] : command.kind === "run" ? command.mounts.map(mountFrom) : [];
      return names
        .filter((name) => name !== "" && name !== "scratch" && !/[$]/.test(name))
        .filter((name) => this.#sources.named(name) === undefined)
        .filter((name) => findSource(this.#o.graph.nodes, name, range) === undefined)
        .map((name) => ({ name, range }));
    });
  }
  async #sourceImage({ name, range }: ImageSource): Promise<void> {
    try {
      await this.#sources.image(name, "");
    } catch (error) {
      if (this.#o.signal.aborted) throw error;
      throw new StepError(error, `[internal] load metadata for ${longName(name)}`, range, this.#steps.reports);
    }
  }
  #hasImage({ base }: StageNode): boolean {
    const named = base.kind === "image" ? this.#sources.named(base.name) : undefined;
    return base.kind === "image" && (named === undefined || "image" in named);
  }
  async #localBase(node: StageNode): Promise<ImageConfig | undefined> {
    if (!this.#hasImage(node) || node.base.kind !== "image") return noImage;
    return (await this.#sources.local(node.base.name, node.platform))?.config;
  }
  #check(nodes: readonly StageNode[], bases: ReadonlyMap<StageNode, ImageConfig | undefined>): void {
    const { graph, request, escapeChar, lint, ignored } = this.#o;
    const { buildArgs = {} } = request;
    checkStages(graph, { escapeChar, buildArgs, lint, ignored, nodes, base: (node) => bases.get(node) });
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
    const triggers = base.triggers.map((trigger) => triggered(trigger, node));
    const commands = [...triggers, ...node.stage.commands];
    const titles = new Titles(node.label, (base.image === undefined ? 0 : 1) + stepsOf(commands));
    if (base.image !== undefined && node.base.kind === "image") {
      titles.next("FROM");
      this.#sources.show(node.base.name, base.image);
    }
    this.#showDocuments(commands);
    const { state } = base;
    const layers = [...base.layers];
    const ended = (kind: "from" | Command["kind"], cached: boolean, done: number): void =>
      observer?.ended(
        kind,
        cached,
        done < triggers.length ? undefined : digestText(JSON.stringify([layers, state.config])),
      );
    ended("from", false, 0);
    for (const [i, command] of commands.entries()) {
      this.#o.signal.throwIfAborted();
      if (i < triggers.length) observer?.triggered(i === 0 ? triggers.length : undefined);
      else observer?.started(command.code, this.#instructions);
      const applied = this.#apply(state, command);
      if (applied.step === undefined) {
        ended(command.kind, false, i + 1);
        continue;
      }
      const title = titles.next(`${i < triggers.length ? "ONBUILD " : ""}${applied.title}`);
      const { layer, created, cached } = await this.#steps.perform(
        node,
        [...layers],
        applied.step,
        title,
        command.range,
      );
      layers.push(layer);
      ended(command.kind, cached, i + 1);
      const last = state.history.length - 1;
      const entry = state.history[last];
      if (entry !== undefined) state.history[last] = { ...entry, created: this.#created ?? created };
    }
    return { state, layers, architecture: base.architecture, os: base.os };
  }

  /** An image is one step for all that it is used for. */
  #imageTitle(name: string, { config }: Image): string {
    this.#imageSteps ??= imageSteps(this.#o.graph, {
      nameOf: longName,
      isNamed: (context) => this.#sources.named(context) !== undefined,
    });
    const node = this.#imageSteps.get(name);
    if (node === undefined || node === "source") return `FROM ${name}`;
    const triggers = (config.OnBuild ?? []).map((trigger) => triggered(trigger, node));
    return new Titles(node.label, 1 + stepsOf([...triggers, ...node.stage.commands])).next(`FROM ${name}`);
  }

  /** Heredocs of COPY and ADD are sources, of which BuildKit tells when the stage begins. */
  #showDocuments(commands: readonly Command[]): void {
    for (const command of commands)
      for (const _ of "inline" in command ? command.inline : [])
        this.#o.progress.vertex("[internal] preparing inline document").start().done();
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

  async #base(node: StageNode): Promise<{
    readonly state: StageState;
    readonly layers: readonly Digest[];
    readonly architecture: string;
    readonly os: string;
    readonly triggers: readonly string[];
    /** What it is of; stages and scratch need no step that provides them. */
    readonly image?: Image;
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
      };
    }
    const { os, architecture } = machinePlatform;
    if (base.kind !== "image")
      return { state: newState(scratchConfig, [], ""), layers: [], architecture, os, triggers: [] };
    const named = this.#sources.named(base.name);
    if (named !== undefined && !("image" in named)) return { ...(await this.#namedStage(base.name)), triggers: [] };
    const image = await this.#baseImage(node);
    this.#sources.used(base.name, image);
    return {
      state: newState(image.config, image.history, ""),
      layers: image.layers,
      architecture: image.architecture,
      os: image.os,
      triggers: image.config.OnBuild ?? [],
      image,
    };
  }

  async #baseImage({ base, platform, stage }: StageNode): Promise<Image> {
    const name = base.kind === "image" ? base.name : "";
    try {
      return await this.#sources.image(name, platform);
    } catch (error) {
      if (this.#o.signal.aborted) throw error;
      throw new StepError(error, `[internal] load metadata for ${longName(name)}`, stage.range, this.#steps.reports);
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
    return { state: newState(scratchConfig, history, ""), layers, architecture, os };
  }
}

interface ImageSource {
  readonly name: string;
  readonly range: LineRange;
}

/** Of scratch, and of a context in an image's place. */
const noImage: ImageConfig = {};

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

const stepsOf = (commands: readonly Command[]): number =>
  commands.filter(({ kind }) => ["run", "copy", "add", "workdir"].includes(kind)).length;

/** Times of steps that changed nothing follow the step before, as BuildKit fills them in. */
export function datedHistory(history: readonly ImageHistory[]): readonly ImageHistory[] {
  let last: string | undefined;
  return history.map((entry) => {
    last = entry.created ?? last;
    if (entry.created !== undefined || last === undefined) return entry;
    return { created: last, ...entry };
  });
}
