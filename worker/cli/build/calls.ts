/** `--call`: the answer of a build that only looks (BuildKit's subrequests lint, outline and targets). */
import { alignTabs } from "../format/tabwriter.ts";
import type { Context } from "../session/context.ts";
import { CliError } from "../session/errors.ts";
import type { BuildContext } from "./context.ts";
import { checkReport } from "./excerpt.ts";
import type { Call } from "./options.ts";
import { encodeText, type Outline, type Result, type TargetInfo } from "./status.ts";

export function answerOf({ out }: Context, call: Call, result: Result, source: BuildContext): number {
  if (call.json) {
    const { outline, targets } = result;
    out.line(JSON.stringify(call.method === "check" ? lintOf(result, source) : (outline ?? { targets }), undefined, 2));
  } else if (call.method === "outline" && result.outline !== undefined) out.print(outlineText(result.outline));
  else if (call.method === "targets") out.print(targetsText(result.targets ?? []));
  else out.print(checkReport(result.warnings, source.dockerfileName, source.dockerfile ?? ""));
  if (call.method === "check" && !call.json && result.violation !== undefined) {
    out.line("");
    throw new CliError(`ERROR: ${result.violation}\n`);
  }
  return call.method === "check" && result.warnings.length > 0 ? 1 : 0;
}

/** BuildKit's lint.LintResults. */
const lintOf = ({ warnings, violation }: Result, { dockerfile = "", dockerfileName }: BuildContext): object => ({
  warnings: warnings.map(({ rule, description, url, message, range }) => ({
    ruleName: rule,
    description,
    ...(url === "" ? {} : { url }),
    detail: message,
    location: { ranges: [{ start: { line: range.start }, end: { line: range.end } }] },
  })),
  sources: [{ filename: dockerfileName, data: encodeText(dockerfile), language: "Dockerfile" }],
  ...(violation === undefined ? {} : { buildError: { message: violation, location: {} } }),
});

const columns = (rows: readonly string[], padding = 1): string =>
  alignTabs(`${rows.join("\n")}\n`, { minimum: 0, padding });

function targetsText(targets: readonly TargetInfo[]): string {
  const rows = targets.map(({ name, description, default: isDefault }) => {
    const shown = name === "" && isDefault ? "(default)" : isDefault ? `${name} (default)` : name;
    return `${shown}\t${description}`;
  });
  return columns(["TARGET\tDESCRIPTION", ...rows]);
}

function outlineText({ name, description, args, secrets, ssh }: Outline): string {
  const parts: string[] = [];
  if (name !== "" || description !== "")
    parts.push(
      columns([`TARGET:\t${name || "(default)"}`, ...(description === "" ? [] : [`DESCRIPTION:\t${description}`])]),
    );
  if (args.length > 0)
    parts.push(
      columns(
        ["BUILD ARG\tVALUE\tDESCRIPTION", ...args.map((arg) => `${arg.name}\t${arg.value}\t${arg.description}`)],
        3,
      ),
    );
  for (const [title, mounts] of [
    ["SECRET", secrets],
    ["SSH", ssh],
  ] as const)
    if (mounts.length > 0)
      parts.push(columns([`${title}\tREQUIRED`, ...mounts.map((m) => `${m.name}\t${m.required ? "true" : ""}`)], 3));
  return parts.map((part) => `${part}\n`).join("");
}
