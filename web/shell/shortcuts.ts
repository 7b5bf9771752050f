/**
 * The keys that the page takes; the terminal gets every other. They are listened for before xterm.js sees them.
 * Ctrl+W, Ctrl+T and Ctrl+N belong to the browser and never reach a page.
 */
import type { App } from "../app.ts";

export interface Shortcut {
  readonly keys: string;
  readonly what: string;
}

/** What F1 shows. */
export const shortcuts: readonly Shortcut[] = [
  { keys: "Ctrl K", what: "Search or run (in a terminal: Ctrl Shift K)" },
  { keys: "F1", what: "This sheet" },
  { keys: "F6", what: "Next pane, or half of a split terminal; Shift F6 the previous one. The way out of a terminal" },
  { keys: "Alt Shift T", what: "New terminal" },
  { keys: "Ctrl Shift 1…9", what: "Terminal tab 1 to 9" },
  { keys: "Ctrl Shift C", what: "Copy what is selected in the terminal" },
  { keys: "Ctrl Shift V", what: "Paste into the terminal" },
  { keys: "← → ↑ ↓", what: "Move between tabs, in trees and menus; move a divider (Shift: further)" },
  { keys: "Shift F10", what: "The menu of the row or file that has focus" },
  { keys: "Alt Enter", what: "In a lesson: run the line that has focus, or the next one" },
  { keys: "Escape", what: "Close a dialog or a menu" },
];

export function startShortcuts(app: App, root: HTMLElement): void {
  addEventListener(
    "keydown",
    (event) => {
      const handler = handlerFor(event, app, root);
      if (handler === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      handler();
    },
    { capture: true },
  );
}

function handlerFor(event: KeyboardEvent, app: App, root: HTMLElement): (() => void) | undefined {
  const control = event.ctrlKey || event.metaKey;
  const inTerminal = event.target instanceof Element && event.target.closest(".xterm") !== null;
  const tell = (name: string) => () => void root.dispatchEvent(new CustomEvent(name, { bubbles: true }));
  if (event.key === "F1") return tell("open-keys");
  if (event.key === "F6") return () => movePane(event.shiftKey ? -1 : 1);
  if (control && event.code === "KeyK" && event.shiftKey === inTerminal) return tell("open-palette");
  if (event.altKey && event.shiftKey && event.code === "KeyT")
    return () => void app.terminals().then((terminals) => terminals.open({}));
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
  if (control && event.shiftKey && digit !== undefined)
    return () => {
      const tab = app.store.state.terminals.tabs[Number(digit) - 1];
      if (tab !== undefined)
        void app.terminals().then((terminals) => {
          terminals.show(tab.id);
          terminals.focus();
        });
    };
  if (inTerminal && control && event.shiftKey && event.code === "KeyC")
    return () =>
      void app.terminals().then((terminals) => {
        const text = terminals.target().terminal.getSelection();
        if (text !== "") void app.copy(text, "Selection");
      });
  if (inTerminal && control && event.shiftKey && event.code === "KeyV")
    return () =>
      void navigator.clipboard.readText().then(
        async (text) => (await app.terminals()).target().terminal.paste(text),
        () =>
          app.toast({
            kind: "bad",
            text: "The browser does not let this page read the clipboard. Use its own paste (Shift Insert).",
          }),
      );
  return undefined;
}

/** Head, left pane, terminal, panels, foot: the order of the page. */
const panes = [
  "dd-head .brand",
  ".pane.left button",
  ".pane.editor .cm-content",
  ".pane.terminals .xterm-helper-textarea",
  ".pane.preview button",
  '.pane.panels [role="tab"][aria-selected="true"]',
  "dd-foot button",
];

function movePane(step: 1 | -1): void {
  const targets = panes.flatMap((selector) => {
    const visible = [...document.querySelectorAll<HTMLElement>(selector)].filter((element) =>
      element.checkVisibility(),
    );
    // Each half of a split terminal is a stop of its own; of other panes the first thing is.
    return selector.includes(".xterm") ? visible : visible.slice(0, 1);
  });
  const { activeElement } = document;
  const here = activeElement?.closest(".screen") ?? activeElement?.closest(".pane, dd-head, dd-foot");
  const at = targets.findIndex((target) => here?.contains(target));
  const next = targets[(at + step + targets.length) % targets.length];
  next?.focus();
}
