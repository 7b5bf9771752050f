/** One build from its Dockerfile's text to its result: parse, check, plan, solve, export. */
import type { ImageId } from "../domains.ts";
import { machinePlatform, parsePlatform } from "../images/platform.ts";
import { canonicalString, parseReference } from "../images/reference.ts";
import {
  checkProgram,
  DockerfileError,
  Linter,
  type PatternMatcher,
  type Program,
  parseDockerfile,
  readProgram,
} from "./dockerfile/index.ts";
import { type Layer, RootView } from "./files/root-view.ts";
import type { BuildRequest, BuildResult, CacheTarget, Material } from "./model.ts";
import { outlineOf, targetsOf } from "./outline.ts";
import { checkEntitlements } from "./plan/entitlements.ts";
import { planStages, type StageGraph } from "./plan/graph.ts";
import type { BuildDependencies } from "./service.ts";
import type { CacheRecord } from "./solve/cache.ts";
import { type ImportedSteps, importCache, inlineCache, inlineCacheField, pushCache } from "./solve/cache-transfer.ts";
import { emptyLayer, type StoredContext } from "./solve/context-files.ts";
import type { BuildProgress, Vertex } from "./solve/progress.ts";
import { datedHistory, type InstructionObserver, Solver, type StageResult } from "./solve/solver.ts";

export interface EvaluateOptions {
  readonly ref: string;
  readonly file: { readonly name: string; readonly text: string; readonly definition: Vertex };
  readonly context: StoredContext | undefined;
  readonly ignored: PatternMatcher | undefined;
  readonly materials: readonly Material[];
  /** Tells of the ignore file as of a step. */
  readonly showIgnoreFile: () => Promise<void>;
  /** The context at an address. */
  readonly remote: (address: string) => Promise<Layer>;
  readonly progress: BuildProgress;
  readonly observer: InstructionObserver | undefined;
  readonly signal: AbortSignal;
}

export interface Evaluated {
  readonly result: BuildResult;
  /** What a cache to be written elsewhere holds. */
  readonly cache: readonly CacheRecord[];
}

export async function evaluate(
  d: BuildDependencies,
  request: BuildRequest,
  options: EvaluateOptions,
): Promise<Evaluated> {
  const { file, context, ignored, ref, progress, signal, observer } = options;
  const { call = "build", buildArgs = {} } = request;
  const { escapeChar, lint, program, graph } = readDockerfile(options, request);
  const view = (prefix: string): RootView => new RootView([context?.layer(prefix) ?? emptyLayer()]);
  const imported: ImportedSteps[] = [];
  const epoch = Number(buildArgs.SOURCE_DATE_EPOCH ?? graph.globalArgs.get("SOURCE_DATE_EPOCH") ?? "");
  const solver = new Solver(d, {
    request,
    graph,
    escapeChar,
    lint,
    ignored,
    context: (prefix) => context?.layer(prefix) ?? emptyLayer(),
    contextSize: context?.size ?? 0,
    remote: options.remote,
    showIgnoreFile: options.showIgnoreFile,
    imported: (key) => imported.find((steps) => steps.has(key))?.get(key),
    epoch: (buildArgs.SOURCE_DATE_EPOCH ?? "") === "" || !Number.isInteger(epoch) ? undefined : epoch,
    progress,
    observer,
    signal,
  });
  if (call !== "build") {
    file.definition.done();
    if (call !== "targets") await solver.look();
    const looked = { layers: [], config: {}, history: [], steps: [], materials: [], names: [], ref };
    return {
      cache: [],
      result: {
        ...looked,
        warnings: call === "check" ? lint.warnings.toSorted((a, b) => a.range.start - b.range.start) : [],
        ...(call === "check" && lint.failure !== undefined ? { violation: lint.failure } : {}),
        ...(call === "outline" ? { outline: outlineOf(graph, buildArgs) } : {}),
        ...(call === "targets" ? { targets: targetsOf(program, graph) } : {}),
      },
    };
  }
  let told = 0;
  const tellWarnings = (): void => {
    for (const warning of lint.warnings.slice(told)) progress.warn(file.definition, warning, file);
    told = lint.warnings.length;
  };
  await solver.preview();
  tellWarnings();
  file.definition.done();
  if (observer === undefined) await solver.lookOver();
  tellWarnings();
  if (request.allow !== undefined) checkEntitlements(graph, request.allow);
  if (lint.failure !== undefined) throw new DockerfileError(lint.failure);
  imported.push(...(await importAll(d, request, { view, progress, signal })));
  const result = await solver.solve();
  const described = withLabels(result, request.labels ?? {});
  const names = (request.tags ?? []).map((tag) => canonicalString(parseReference(tag)));
  const all = solver.reports.flatMap(({ key }) => d.cache.get(key) ?? []);
  const own = all.filter(({ layer }) => described.layers.includes(layer));
  const outputs = request.outputs ?? ["image"];
  const inline = request.cacheTo?.some(({ type }) => type === "inline") === true ? inlineCache(own) : undefined;
  const image = outputs.includes("image") ? await exportImage(d, request, described, { progress, inline }) : undefined;
  for (const target of request.cacheTo ?? []) await exportCache(d, request, target, { all, own, progress, signal });
  const local = request.cacheTo?.find(({ type }) => type === "local");
  return {
    cache: local !== undefined && "mode" in local && local.mode === "max" ? all : own,
    result: {
      ...(image === undefined ? {} : { image }),
      layers: described.layers,
      config: described.state.config,
      history: described.state.history,
      steps: solver.reports,
      warnings: lint.warnings,
      names,
      materials: [...options.materials, ...solver.materials],
      ref,
    },
  };
}

interface Read {
  readonly escapeChar: string;
  readonly lint: Linter;
  readonly program: Program;
  readonly graph: StageGraph;
}

/** What can be said of the text alone is said even if the rest of it makes no sense. */
function readDockerfile({ file, progress }: EvaluateOptions, request: BuildRequest): Read {
  const { text, definition } = file;
  let lint: Linter | undefined;
  try {
    if (text === "") throw new DockerfileError("the Dockerfile cannot be empty");
    const parsed = parseDockerfile(text);
    const { escapeChar } = parsed;
    lint = new Linter(parsed.directives.check);
    const program = readProgram(parsed.nodes);
    checkProgram(parsed, program, lint);
    const graph = planStages(program, {
      escapeChar,
      target: request.target ?? "",
      buildArgs: request.buildArgs ?? {},
      buildPlatform: machinePlatform,
      targetPlatform: request.platform ? parsePlatform(request.platform) : machinePlatform,
      lint,
    });
    return { escapeChar, lint, program, graph };
  } catch (error) {
    if (request.call !== "check") for (const warning of lint?.warnings ?? []) progress.warn(definition, warning, file);
    definition.done();
    throw error;
  }
}

async function importAll(
  d: BuildDependencies,
  request: BuildRequest,
  options: {
    readonly view: (prefix: string) => RootView;
    readonly progress: BuildProgress;
    readonly signal: AbortSignal;
  },
): Promise<readonly ImportedSteps[]> {
  const { signal, view, progress } = options;
  return await Promise.all(
    (request.cacheFrom ?? []).map(async (source) => {
      const name = source.type === "local" ? "local" : source.ref;
      const vertex = progress.vertex(`importing cache manifest from ${name}`);
      try {
        return await vertex.run(() => importCache(d.images.context, source, { request, view, signal }));
      } catch {
        signal.throwIfAborted();
        // The build goes on without it; the step shows why.
        return new Map();
      }
    }),
  );
}

const exportTitles: Readonly<Record<CacheTarget["type"], string>> = {
  inline: "preparing layers for inline cache",
  local: "exporting cache to client directory",
  registry: "exporting cache to registry",
};

async function exportCache(
  d: BuildDependencies,
  request: BuildRequest,
  target: CacheTarget,
  options: {
    readonly all: readonly CacheRecord[];
    readonly own: readonly CacheRecord[];
    readonly progress: BuildProgress;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { all, own, progress, signal } = options;
  const vertex = progress.vertex(exportTitles[target.type]);
  await vertex.run(async () => {
    if (target.type !== "registry") return;
    await pushCache(d.images.context, target.mode === "max" ? all : own, target, request, signal);
  });
}

async function exportImage(
  d: BuildDependencies,
  request: BuildRequest,
  { state, layers, architecture, os }: StageResult,
  options: {
    readonly progress: BuildProgress;
    /** The cache that goes into the image's configuration. */
    readonly inline: string | undefined;
  },
): Promise<ImageId> {
  const { progress, inline } = options;
  const { archive } = request;
  const vertex = progress.vertex(archive === undefined ? "exporting to image" : `exporting to ${archive} image format`);
  return await vertex.run(async () => {
    const history = datedHistory(state.history);
    await vertex.part("exporting layers", async () => undefined);
    const id = await d.images.create(
      {
        config: state.config,
        architecture,
        os,
        created: history.at(-1)?.created ?? d.clock.now().toISOString(),
        layers,
        history,
      },
      {
        tags: request.tags ?? [],
        ...(state.author === "" ? {} : { author: state.author }),
        ...(inline === undefined ? {} : { extra: { [inlineCacheField]: inline } }),
      },
    );
    await vertex.part(archive === undefined ? `writing image ${id}` : `exporting config ${id}`, async () => undefined);
    for (const tag of archive === undefined ? (request.tags ?? []) : [])
      await vertex.part(`naming to ${canonicalString(parseReference(tag))}`, async () => undefined);
    return id;
  });
}

function withLabels(result: StageResult, labels: Readonly<Record<string, string>>): StageResult {
  if (Object.keys(labels).length === 0) return result;
  const { state } = result;
  return { ...result, state: { ...state, config: { ...state.config, Labels: { ...state.config.Labels, ...labels } } } };
}
