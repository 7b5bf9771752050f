/** What the build checks found, summed up where a build ends, in success or not (buildx, commands/build.go). */
import type { Output } from "../session/output.ts";
import { type Display, decodeText } from "./status.ts";

export function withSummary(display: Display, out: Output): Display {
  const found = new Set<string>();
  return {
    message: (message) => {
      for (const { short } of message.warnings ?? []) found.add(decodeText(short));
      return display.message(message);
    },
    abandon: () => display.abandon?.(),
    end: async (failure) => {
      await display.end(failure);
      out.print(warningSummary([...found]));
    },
  };
}

/** Yellow on anything: buildx asks no terminal. */
export function warningSummary(warnings: readonly string[]): string {
  if (warnings.length === 0) return "";
  const count = warnings.length === 1 ? "1 warning" : `${warnings.length} warnings`;
  return `\n \x1b[33m${count} found (use docker --debug to expand):\n\x1b[0m${warnings.map((text) => ` - ${text}\n`).join("")}`;
}
