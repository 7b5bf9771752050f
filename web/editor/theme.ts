import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** The editor in the page's tokens: it follows light and dark without being told. */
export const pageTheme = [
  EditorView.theme({
    "&": { height: "100%", backgroundColor: "var(--surface)", color: "var(--text)" },
    ".cm-scroller": {
      fontFamily: "var(--font-mono)",
      fontSize: "12.5px",
      lineHeight: "20px",
      fontVariantLigatures: "none",
    },
    ".cm-content": { caretColor: "var(--term-cursor)", padding: "10px 0" },
    ".cm-cursor": { borderLeftColor: "var(--term-cursor)", borderLeftWidth: "2px" },
    ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--text-3)", border: "0" },
    ".cm-lineNumbers .cm-gutterElement": { minWidth: "44px", padding: "0 12px 0 8px" },
    ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--hover) 60%, transparent)" },
    ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--text)" },
    "&.cm-focused": { outline: "none" },
    "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
      background: "var(--term-select) !important",
    },
    ".cm-panels": { backgroundColor: "var(--sunken)", color: "var(--text)", borderColor: "var(--line)" },
    ".cm-tooltip": {
      backgroundColor: "var(--raised)",
      color: "var(--text)",
      border: "1px solid var(--line)",
      borderRadius: "6px",
    },
    ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--selected)", color: "var(--text)" },
    ".cm-diagnostic": { borderLeftWidth: "3px" },
  }),
  syntaxHighlighting(
    HighlightStyle.define([
      { tag: [tags.keyword, tags.definitionKeyword, tags.modifier], color: "var(--ansi-magenta)", fontWeight: "600" },
      { tag: [tags.string, tags.special(tags.string), tags.attributeValue], color: "var(--ansi-green)" },
      { tag: [tags.comment, tags.meta], color: "var(--text-3)" },
      { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--ansi-cyan)" },
      { tag: [tags.propertyName, tags.attributeName, tags.definition(tags.propertyName)], color: "var(--ansi-blue)" },
      {
        tag: [tags.tagName, tags.typeName, tags.className, tags.heading],
        color: "var(--ansi-blue)",
        fontWeight: "600",
      },
      { tag: [tags.variableName, tags.special(tags.variableName)], color: "var(--text)" },
      { tag: [tags.link, tags.url], color: "var(--ansi-blue)", textDecoration: "underline" },
    ]),
  ),
];
