/** Completion, hover and diagnostics for Compose files: YAML's own errors, and the keys of the Compose Specification. */
import { autocompletion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { type Diagnostic, linter } from "@codemirror/lint";
import type { Extension } from "@codemirror/state";
import { hoverTooltip } from "@codemirror/view";
import { isMap, isScalar, parseDocument, type YAMLMap } from "yaml";
import { type ComposeLevel, composeKeys } from "./compose-keys.ts";

/** The level of the key that stands on the line with this indentation, by the lines above it. */
export function levelAt(lines: readonly string[], row: number): ComposeLevel | undefined {
  const indentOf = (line: string): number => line.length - line.trimStart().length;
  const path: string[] = [];
  let indent = indentOf(lines[row] ?? "");
  for (let at = row - 1; at >= 0 && indent > 0; at -= 1) {
    const line = lines[at] ?? "";
    if (line.trim() === "" || line.trim().startsWith("#") || indentOf(line) >= indent) continue;
    indent = indentOf(line);
    path.unshift(line.trim().replace(/:.*$/, ""));
  }
  return levelOf(path);
}

function levelOf(path: readonly string[]): ComposeLevel | undefined {
  if (path.length === 0) return "top";
  const [section] = path;
  if (section === "services")
    return path.length === 2
      ? "service"
      : path.length === 3 && path[2] === "build"
        ? "build"
        : path.length === 3 && path[2] === "healthcheck"
          ? "healthcheck"
          : undefined;
  if (path.length === 2 && section === "networks") return "network";
  if (path.length === 2 && section === "volumes") return "volume";
  return undefined;
}

function complete(context: CompletionContext): CompletionResult | null {
  const { doc } = context.state;
  const line = doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  if (!/^\s*[\w-]*$/.test(before)) return null;
  const word = context.matchBefore(/[\w-]*/);
  if (word === null || (word.from === word.to && !context.explicit)) return null;
  const level = levelAt(doc.toString().split("\n"), line.number - 1);
  if (level === undefined) return null;
  return {
    from: word.from,
    options: Object.entries(composeKeys[level]).map(([key, info]) => ({
      label: key,
      apply: `${key}: `,
      type: "property",
      info,
    })),
  };
}

export function composeProblems(text: string): readonly Diagnostic[] {
  const document = parseDocument(text, { merge: true });
  const problems = [...document.errors, ...document.warnings].map(
    (problem): Diagnostic => ({
      from: Math.min(problem.pos[0], text.length),
      to: Math.min(Math.max(problem.pos[1], problem.pos[0] + 1), text.length),
      severity: problem.name === "YAMLWarning" ? "warning" : "error",
      message: problem.message.split("\n")[0] ?? problem.message,
    }),
  );
  if (problems.length > 0 || !isMap(document.contents)) return problems;
  const found: Diagnostic[] = [];
  check(document.contents, [], found);
  return found;
}

function check(map: YAMLMap, path: readonly string[], found: Diagnostic[]): void {
  const level = levelOf(path);
  const named = path.length === 1 && ["services", "networks", "volumes"].includes(path[0] ?? "");
  if (level === undefined && !named) return;
  for (const { key, value } of map.items) {
    if (!isScalar(key) || key.range == null) continue;
    const name = String(key.value);
    if (level !== undefined && !(name in composeKeys[level]) && !name.startsWith("x-") && name !== "<<")
      found.push({
        from: key.range[0],
        to: key.range[1],
        severity: "error",
        message: `Compose knows no ${level === "top" ? "top-level element" : `${level} attribute`} “${name}”.`,
      });
    if (isMap(value)) check(value, [...path, name], found);
  }
}

export function composeService(): Extension {
  return [
    autocompletion({ override: [complete] }),
    linter((view) => composeProblems(view.state.doc.toString())),
    hoverTooltip((view, offset) => {
      const { doc } = view.state;
      const line = doc.lineAt(offset);
      const key = /^\s*([\w-]+):/.exec(line.text)?.[1];
      const level = levelAt(doc.toString().split("\n"), line.number - 1);
      const text = key === undefined || level === undefined ? undefined : composeKeys[level][key];
      if (text === undefined) return null;
      return {
        pos: line.from + line.text.indexOf(key ?? ""),
        create: () => {
          const dom = document.createElement("div");
          dom.className = "hovertext";
          dom.textContent = text;
          return { dom };
        },
      };
    }),
  ];
}
