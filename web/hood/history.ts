/** What was seen at earlier looks: values for small plots, and which files are new since the last one. */
import type { HoodReport } from "../../worker/protocol/index.ts";

const kept = 60;
/** Files that count up: what was added since the look before is plotted. */
const counters = /usage_usec$/;

interface Seen {
  readonly values: ReadonlyMap<string, readonly number[]>;
  readonly counts: ReadonlyMap<string, number>;
  readonly paths: ReadonlySet<string>;
  /** Changed since the look before; empty at the first one, when all of them would be. */
  readonly fresh: ReadonlySet<string>;
}

export class HoodHistory {
  readonly #seen = new Map<string, Seen>();

  add({ container, pid, cgroup, filesystem }: HoodReport): void {
    const key = `${container} ${pid}`;
    const before = this.#seen.get(key);
    const values = new Map<string, readonly number[]>();
    const counts = new Map<string, number>();
    for (const { name, value } of cgroup.files) {
      if (!/^\d+$/.test(value)) continue;
      const count = Number(value);
      counts.set(name, count);
      const plotted = counters.test(name) ? count - (before?.counts.get(name) ?? count) : count;
      values.set(name, [...(before?.values.get(name) ?? []).slice(1 - kept), plotted]);
    }
    const paths = new Set(filesystem.changes.map(({ kind, path }) => `${kind} ${path}`));
    const fresh = new Set(before === undefined ? [] : [...paths].filter((path) => !before.paths.has(path)));
    this.#seen.set(key, { values, counts, paths, fresh });
  }

  values({ container, pid }: HoodReport, file: string): readonly number[] {
    return this.#seen.get(`${container} ${pid}`)?.values.get(file) ?? [];
  }

  isFresh({ container, pid }: HoodReport, { kind, path }: HoodReport["filesystem"]["changes"][number]): boolean {
    return this.#seen.get(`${container} ${pid}`)?.fresh.has(`${kind} ${path}`) ?? false;
  }
}
