/** Completion, hover and diagnostics for Dockerfiles, by the language service that editors use. */
import { autocompletion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { type Diagnostic, linter } from "@codemirror/lint";
import type { Extension, Text } from "@codemirror/state";
import { hoverTooltip } from "@codemirror/view";
import "./buffer-shim.ts";
import { DockerfileLanguageServiceFactory } from "dockerfile-language-service";
import { DiagnosticSeverity, type MarkupContent, type Position, type TextEdit } from "vscode-languageserver-types";
import { copyBeforeInstall } from "./dockerfile-advice.ts";

const offsetOf = (document: Text, { line, character }: Position): number => {
  const at = document.line(Math.min(line + 1, document.lines));
  return Math.min(at.from + character, at.to);
};
const positionOf = (document: Text, offset: number): Position => {
  const at = document.lineAt(offset);
  return { line: at.number - 1, character: offset - at.from };
};

export function dockerfileService(): Extension {
  const service = DockerfileLanguageServiceFactory.createLanguageService();
  service.setCapabilities({ hover: { contentFormat: ["plaintext"] } });

  const complete = (context: CompletionContext): CompletionResult | null => {
    const { doc } = context.state;
    const word = context.matchBefore(/[\w-]+/);
    if (word === null && !context.explicit) return null;
    const items = service.computeCompletionItems(doc.toString(), positionOf(doc, context.pos));
    if (!Array.isArray(items)) return null;
    return {
      from: word?.from ?? context.pos,
      options: items.map((item) => {
        const text = (item.textEdit as TextEdit | undefined)?.newText ?? item.insertText ?? item.label;
        return {
          label: item.label,
          apply: text.replace(/\$\{\d+:?([^}]*)\}|\$\d+/g, "$1"),
          type: "keyword",
          ...(item.detail === undefined ? {} : { detail: item.detail }),
        };
      }),
    };
  };

  return [
    autocompletion({ override: [complete] }),
    linter(({ state: { doc } }): readonly Diagnostic[] => {
      const text = doc.toString();
      const problems = service.validate(text).map(
        (problem): Diagnostic => ({
          from: offsetOf(doc, problem.range.start),
          to: offsetOf(doc, problem.range.end),
          severity: problem.severity === DiagnosticSeverity.Error ? "error" : "warning",
          message: problem.message,
        }),
      );
      const advice = copyBeforeInstall(text).map((each): Diagnostic => ({ ...each, severity: "info" }));
      return [...problems, ...advice];
    }),
    hoverTooltip((view, offset) => {
      const { doc } = view.state;
      const hover = service.computeHover(doc.toString(), positionOf(doc, offset));
      if (hover === null) return null;
      const { contents } = hover;
      const text =
        typeof contents === "string" ? contents : "value" in contents ? (contents as MarkupContent).value : "";
      return {
        pos: offset,
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
