/** A stage while its instructions are applied: the image configuration that it will have, and what only the build knows. */

import { goDuration } from "../../../go/duration.ts";
import { quotedRune } from "../../../go/strconv.ts";
import type { HealthConfig, ImageHistory } from "../../domains.ts";
import type { ArgDefinition } from "../dockerfile/index.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
export type StageConfig = Mutable<import("../../domains.ts").ImageConfig>;

export const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** Of a stage that starts from nothing. */
export const scratchConfig: StageConfig = { WorkingDir: "/" };
const defaultShell: readonly string[] = ["/bin/sh", "-c"];

export interface StageState {
  readonly config: StageConfig;
  author: string;
  readonly history: ImageHistory[];
  /** Variables of the image and arguments of the build, for expansion and for RUN. */
  readonly env: Map<string, string>;
  readonly buildArgs: ArgDefinition[];
  isWorkdirSet: boolean;
  isCommandSet: boolean;
  /** Where an instruction of which there should be one stood before. */
  readonly usedOnce: Map<string, import("../dockerfile/index.ts").LineRange>;
}

export function newState(config: StageConfig, history: readonly ImageHistory[], author: string): StageState {
  const own: StageConfig = { ...config };
  delete own.OnBuild;
  const env = envMap(own.Env ?? []);
  if (!env.has("PATH")) {
    own.Env = [...(own.Env ?? []), `PATH=${defaultPath}`];
    env.set("PATH", defaultPath);
  }
  return {
    config: own,
    author,
    history: [...history],
    env,
    buildArgs: [],
    isWorkdirSet: false,
    isCommandSet: false,
    usedOnce: new Map(),
  };
}

/** The state of a stage that is built on this one. */
export function continueState(state: StageState): StageState {
  const config: StageConfig = { ...state.config };
  delete config.OnBuild;
  return {
    ...state,
    config,
    history: [...state.history],
    env: envMap(config.Env ?? []),
    buildArgs: [...state.buildArgs],
    isCommandSet: false,
    usedOnce: new Map(),
  };
}

const envMap = (env: readonly string[]): Map<string, string> =>
  new Map(
    env.map((entry) => {
      const equals = entry.indexOf("=");
      return equals < 0 ? [entry, ""] : [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );

export function setEnv(state: StageState, key: string, value: string): void {
  const env = [...(state.config.Env ?? [])];
  const at = env.findIndex((entry) => entry.split("=", 1)[0] === key);
  if (at >= 0) env[at] = `${key}=${value}`;
  else env.push(`${key}=${value}`);
  state.config.Env = env;
  state.env.set(key, value);
}

export const withShell = (state: StageState, args: readonly string[]): readonly string[] => [
  ...(state.config.Shell ?? defaultShell),
  args.join(" "),
];

/** Go's fmt of a health check, as image histories carry it. */
export function healthText(health: HealthConfig): string {
  const durations = [health.Interval, health.Timeout, health.StartPeriod, health.StartInterval].map(
    (value) => `"${goDuration(value ?? 0)}"`,
  );
  const test = (health.Test ?? []).map((word) => JSON.stringify(word)).join(" ");
  return `&{[${test}] ${durations.join(" ")} ${quotedRune(health.Retries ?? 0)}}`;
}
