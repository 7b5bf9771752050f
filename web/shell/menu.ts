import { html, nothing, render } from "lit";
import { type IconName, icon } from "./icons.ts";
import { menuKeys } from "./roving.ts";

export interface MenuItem {
  readonly label: string;
  /** The docker line that it stands for, where there is one. */
  readonly hint?: string;
  readonly icon?: IconName | undefined;
  readonly danger?: boolean;
  /** Makes it a switch, on or off. */
  readonly checked?: boolean;
  readonly run: () => void;
}
export type MenuEntry = MenuItem | "separator";

/** A menu under its button (or at the pointer, for a context menu). Escape closes, and focus returns. */
export function openMenu(
  anchor: HTMLElement,
  label: string,
  entries: readonly MenuEntry[],
  at?: { x: number; y: number },
): void {
  const menu = document.createElement("div");
  menu.className = "menu";
  menu.popover = "auto";
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", label);
  // Of a menu's button it says that the menu is open; a tree's item would say that its branch is.
  const tellExpanded = (open: boolean): void => {
    if (anchor.ariaHasPopup === "menu") anchor.ariaExpanded = String(open);
  };
  const choose = (item: MenuItem): void => {
    menu.hidePopover();
    item.run();
  };
  render(
    entries.map((entry) =>
      entry === "separator"
        ? html`<div role="separator"></div>`
        : html`<button role=${entry.checked === undefined ? "menuitem" : "menuitemcheckbox"} aria-checked=${entry.checked ?? nothing} tabindex="-1" class=${entry.danger === true ? "bad" : ""} @click=${() => choose(entry)}>
            ${entry.checked === true ? icon("check") : entry.icon === undefined ? html`<svg class="i" aria-hidden="true"></svg>` : icon(entry.icon)}<span>${entry.label}</span>
            ${entry.hint === undefined ? "" : html`<code class="s sub">${entry.hint}</code>`}
          </button>`,
    ),
    menu,
  );
  menu.addEventListener("keydown", menuKeys);
  menu.addEventListener("toggle", (event) => {
    if ((event as ToggleEvent).newState !== "closed") return;
    const within = menu.contains(document.activeElement) || document.activeElement === document.body;
    menu.remove();
    tellExpanded(false);
    if (within) anchor.focus();
  });
  // Within the landmark or the dialog that holds the anchor: behind an open dialog everything else is inert.
  (anchor.closest("dialog, .pane, header") ?? document.body).append(menu);
  menu.showPopover();
  tellExpanded(true);
  place(menu, anchor, at);
  menu.querySelector<HTMLElement>('[role^="menuitem"]')?.focus();
}

/** The context menu of a table's row, which is the menu of its "More" button. */
export function openRowMenu(event: MouseEvent, label: string, entries: readonly MenuEntry[]): void {
  const row = event.currentTarget as HTMLElement;
  const anchor =
    row.querySelector<HTMLElement>('[aria-haspopup="menu"]') ?? row.querySelector<HTMLElement>("a, button");
  // Selected text keeps the browser's own menu, which copies it.
  if (anchor === null || getSelection()?.isCollapsed === false) return;
  event.preventDefault();
  openMenu(anchor, label, entries, pointerOf(event));
}

/** Where a context menu was asked for; from the keyboard (Shift+F10) there is no pointer, and the menu opens at its element. */
export const pointerOf = ({ clientX, clientY }: MouseEvent): { x: number; y: number } | undefined =>
  clientX > 0 ? { x: clientX, y: clientY } : undefined;

function place(menu: HTMLElement, anchor: HTMLElement, at: { x: number; y: number } | undefined): void {
  const from = anchor.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const x = at?.x ?? from.right - width;
  const below = at?.y ?? from.bottom + 4;
  const y = below + height > innerHeight - 8 ? Math.max(8, (at?.y ?? from.top - 4) - height) : below;
  menu.style.left = `${Math.max(8, Math.min(x, innerWidth - width - 8))}px`;
  menu.style.top = `${y}px`;
}
