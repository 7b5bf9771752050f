/** What can change a check's answer, and who tells of it: the engine of its own objects, the kernel of files, processes and sockets. */
import type { Check, Place } from "../format/index.ts";

/** What somebody has to be asked to tell of. */
export type Interest =
  | { readonly kind: "files"; readonly place: Place; readonly path: string }
  | { readonly kind: "processes" }
  | { readonly kind: "listening" }
  | { readonly kind: "logs"; readonly container: string };

export interface CheckSources {
  /** Types of engine events that can change the answer. */
  readonly events: ReadonlySet<string>;
  readonly interests: readonly Interest[];
  /** Nobody tells: it has to be tried again. */
  readonly retry: boolean;
}

type Source = Omit<CheckSources, "events"> & { readonly events: string };
const told = (events: string, ...interests: readonly Interest[]): Source => ({ events, interests, retry: false });

export function sourcesOf(check: Check): CheckSources {
  const parts = flatten(check);
  return {
    events: new Set(parts.flatMap(({ events }) => events.split(" "))),
    interests: parts.flatMap(({ interests }) => interests),
    retry: parts.some(({ retry }) => retry),
  };
}

function flatten(check: Check): readonly Source[] {
  if (check.kind === "all" || check.kind === "any") return check.of.flatMap(flatten);
  if (check.kind === "not") return flatten(check.of);
  return [sourceOf(check)];
}

function sourceOf(check: Exclude<Check, { kind: "all" | "any" | "not" }>): Source {
  switch (check.kind) {
    case "container":
      return told("container network volume");
    case "image":
    case "volume":
    case "network":
      return told(check.kind);
    case "count":
    case "event":
      return told("container image volume network");
    case "gone":
      return told("container");
    case "http":
      // Somebody listens: that is told. What they answer is theirs alone.
      return { ...told("container network", { kind: "listening" }), retry: true };
    case "file":
      return made(check.path) && check.in === "machine"
        ? { ...told("container"), retry: true }
        : told("container volume", { kind: "files", place: check.in, path: check.path });
    case "logs":
      return told("container", { kind: "logs", container: check.container });
    case "process":
      return told("container", { kind: "processes" });
  }
}

/** Files that the kernel makes up while they are read change without an event. */
const made = (path: string): boolean => /^\/(proc|sys)(\/|$)/.test(path);
