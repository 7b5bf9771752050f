/** RUN as a step of a build: what goes into its key, and the layer that its process leaves. */
import type { ContainerId } from "../../domains.ts";
import type { Digest } from "../../ports/storage.ts";
import type { RootView } from "../files/root-view.ts";
import type { BuildRequest } from "../model.ts";
import type { RunStep } from "../plan/steps.ts";
import type { BuildDependencies } from "../service.ts";
import { selectSources } from "./copy.ts";
import { discardRun, type RunRequest, runStep, upperOf } from "./run.ts";
import { type PreparedMount, prepareMount } from "./run-mounts.ts";
import { wholeOf } from "./sources.ts";
import { WholeLines } from "./whole-lines.ts";

/** What a bind mount shows: files of a stage, an image or a context. */
export interface MountSource {
  readonly view: RootView;
  /** By its content. */
  readonly name: () => Promise<string>;
  /** Its mount points in the machine, topmost first. */
  readonly lowers: () => Promise<readonly string[]>;
}

/** Limits are no part of it: they change no result. */
export function runDefinition(step: RunStep, { extraHosts = [], network = "" }: BuildRequest): string {
  return JSON.stringify({ ...step, extraHosts, network: step.network === "default" ? network : step.network });
}

/** Files that the step sees by bind mounts and as the beginnings of caches, with their contents; `undefined` where it has none. */
export async function boundFiles(
  d: BuildDependencies,
  step: RunStep,
  source: (from: string) => Promise<MountSource>,
): Promise<Readonly<Record<string, string>> | undefined> {
  const bound = step.mounts.filter(({ type, from }) => type === "bind" || (type === "cache" && from !== ""));
  if (bound.length === 0) return undefined;
  const files: Record<string, string> = {};
  for (const mount of bound) {
    const { view } = await source(mount.from);
    const { checksums } = await selectSources({
      step: { ...wholeOf, sources: [mount.source || "/"] },
      source: view,
      sourceId: randomRef(d),
      destination: view,
      stage: view,
      loose: [],
    });
    for (const [path, sum] of Object.entries(checksums)) files[`${mount.target}:${path}`] = sum;
  }
  return files;
}

export interface RunLayerRequest extends Pick<RunRequest, "step" | "lowers" | "output" | "signal"> {
  readonly build: BuildRequest;
  /** The image under construction, where mounts want to know what is in it. */
  readonly root: RootView | undefined;
  readonly source: (from: string) => Promise<MountSource>;
}

export async function runLayer(
  d: BuildDependencies,
  { step, build, lowers, root, source, output, signal }: RunLayerRequest,
): Promise<{ readonly diffId: Digest; readonly size: number }> {
  const id = hexId(d) as ContainerId;
  const sources = {
    layers: async (from: string) => {
      const { view, lowers, name } = await source(from);
      return { view, lowers: await lowers(), name: await name() };
    },
    secret: (name: string) => fromBase64(build.secrets?.[name]),
    ssh: (name: string) => build.ssh?.[name],
    guest: d.guest,
    cacheMounts: d.cacheMounts,
    signal,
    id,
  };
  const mounts: PreparedMount[] = [];
  const { extraHosts = [], shmSize = 0, ulimits = [], network = "", limits = {}, cgroupParent = "" } = build;
  const lines = new WholeLines(output, d.clock);
  try {
    if (root !== undefined)
      for (const [i, mount] of step.mounts.entries()) mounts.push(await prepareMount(mount, i, { ...sources, root }));
    await runStep(await d.runEnvironment(), {
      id,
      step,
      lowers,
      mounts,
      extraEnv: proxies(build.buildArgs ?? {}),
      resources: { extraHosts, shmSize, ulimits, network, limits, cgroupParent },
      output: (stream, data) => lines.write(stream, data),
      signal,
    });
    return await d.images.commitUpper(upperOf(id));
  } finally {
    lines.flush();
    for (const { close } of mounts) void close?.();
    void discardRun(d.guest, id);
  }
}

const hexId = ({ randomness }: BuildDependencies): string =>
  Array.from(randomness.bytes(32), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** BuildKit names a snapshot by two ids of 25 letters and digits. */
export function randomRef({ randomness }: BuildDependencies): string {
  const id = (): string => Array.from(randomness.bytes(25), (byte) => (byte % 36).toString(36)).join("");
  return `${id()}::${id()}`;
}

function fromBase64(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

/** Proxies are passed to RUN without being declared, under both spellings, and are no part of a key. */
const proxies = (args: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(args).flatMap(([name, value]) =>
    /^(https?|ftp|no|all)_proxy$/i.test(name)
      ? [`${name.toUpperCase()}=${value}`, `${name.toLowerCase()}=${value}`]
      : [],
  );
