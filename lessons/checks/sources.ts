/** What a check must be asked again for: the engine tells of its own objects, the rest has to be looked at. */
import type { Check } from "../format/index.ts";

export interface CheckSources {
  /** Types of engine events that can change the answer. */
  readonly events: ReadonlySet<string>;
  /** The kernel tells nobody: files, processes, answers. */
  readonly poll: boolean;
}

const byKind: Readonly<
  Record<Exclude<Check["kind"], "all" | "any" | "not">, readonly [events: string, poll: boolean]>
> = {
  container: ["container network volume", false],
  image: ["image", false],
  volume: ["volume", false],
  network: ["network", false],
  count: ["container image volume network", false],
  gone: ["container", false],
  http: ["container network", true],
  file: ["container", true],
  logs: ["container", true],
  process: ["container", true],
  event: ["container image volume network", false],
};

export function sourcesOf(check: Check): CheckSources {
  const parts = flatten(check);
  return {
    events: new Set(parts.flatMap(([events]) => events.split(" "))),
    poll: parts.some(([, poll]) => poll),
  };
}

function flatten(check: Check): readonly (readonly [string, boolean])[] {
  if (check.kind === "all" || check.kind === "any") return check.of.flatMap(flatten);
  if (check.kind === "not") return flatten(check.of);
  return [byKind[check.kind]];
}
