/** `--explain`: of each step whether it was cached, and else what differs from the cached step that is most like it. */
import type { Step } from "./status.ts";

const short = (key: string): string => key.slice("sha256:".length, "sha256:".length + 12);

export function explanation(steps: readonly Step[]): string {
  const lines = steps.flatMap(({ title, cached, key, nearest, reasons }) => [
    title,
    cached
      ? `  cached (${short(key)})`
      : `  not cached (${short(key)}${nearest ? `, nearest ${short(nearest.key)}` : ""})`,
    ...reasons.map(({ text }) => `    ${text}`),
  ]);
  return `\nWhy it was cached, or not:\n${lines.map((line) => `${line}\n`).join("")}`;
}
