/** One line of the benchmark's JSON. Times are milliseconds, `spawn_*` milliseconds per process start. */
export interface BenchResult {
  readonly name: string;
  readonly unit: "ms" | "bytes" | "requests/s" | "ratio";
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly n: number;
  readonly host: Host;
  readonly phase: "first" | "warm";
  /** Name of the result that this one is measured against: same host, phase warm. */
  readonly floor?: string;
  /** This median over the floor's. */
  readonly ratio?: number;
}

/** Where it ran; the last one is Chromium without V8's optimising compiler. */
export type Host = "node" | "chromium" | "chromium liftoff-only";

export type Sample = Pick<BenchResult, "name" | "unit" | "host" | "phase"> & {
  readonly values: readonly number[];
  readonly floor?: string;
};

export function summarize(samples: readonly Sample[]): readonly BenchResult[] {
  const medians = new Map<string, number>();
  for (const sample of samples)
    if (sample.phase === "warm") medians.set(`${sample.host} ${sample.name}`, median(sample.values));
  return samples.map(({ values, floor, ...rest }) => {
    const middle = median(values);
    const base = floor === undefined ? undefined : medians.get(`${rest.host} ${floor}`);
    return {
      name: rest.name,
      unit: rest.unit,
      median: round(middle),
      min: round(Math.min(...values)),
      max: round(Math.max(...values)),
      n: values.length,
      host: rest.host,
      phase: rest.phase,
      ...(floor === undefined ? {} : { floor }),
      ...(base === undefined || base === 0 ? {} : { ratio: round(middle / base) }),
    };
  });
}

/** A hundred process starts right after a restore, by how many of them, over those of a machine that is warm. */
export function spawnSamples(host: Host, first: readonly number[], warm: readonly number[]): readonly Sample[] {
  const firsts = [2, 30, 100].map(
    (count): Sample => ({
      name: `spawn_first_${count}`,
      unit: "ms",
      host,
      phase: "first",
      values: first.slice(0, count),
      floor: "spawn_warm",
    }),
  );
  return [{ name: "spawn_warm", unit: "ms", host, phase: "warm", values: warm }, ...firsts];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
}

function round(value: number): number {
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4));
}

/** The results as a table to read. */
export function table(results: readonly BenchResult[]): string {
  const rows = results.map((r) => [
    r.name,
    r.host,
    r.phase,
    `${r.median} ${r.unit}`,
    `${r.min} – ${r.max}`,
    String(r.n),
    r.floor === undefined ? "" : `${r.ratio ?? "?"} × ${r.floor}`,
  ]);
  const head = ["name", "host", "phase", "median", "min – max", "n", "against its floor"];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
