/** Keys of a tree (WAI-ARIA practices): up and down move, right opens or enters, left closes or leaves, Home and End. */
export interface TreeActions {
  select(item: HTMLElement): void;
  toggle(item: HTMLElement, open: boolean): void;
  open?(item: HTMLElement): void;
  remove?(item: HTMLElement): void;
  menu?(item: HTMLElement): void;
}

export function moveInTree(event: KeyboardEvent, actions: TreeActions): void {
  const tree = event.currentTarget as HTMLElement;
  const items = [...tree.querySelectorAll<HTMLElement>('[role="treeitem"]')].filter((item) => item.checkVisibility());
  const at = items.indexOf(document.activeElement as HTMLElement);
  const item = items[at];
  if (item === undefined) return;
  const expanded = item.getAttribute("aria-expanded");
  const level = Number(item.getAttribute("aria-level"));
  const to = (next: HTMLElement | undefined): void => {
    if (next === undefined) return;
    for (const each of items) each.tabIndex = each === next ? 0 : -1;
    actions.select(next);
    next.focus();
  };
  switch (event.key) {
    case "ArrowDown":
      to(items[at + 1]);
      break;
    case "ArrowUp":
      to(items[at - 1]);
      break;
    case "Home":
      to(items[0]);
      break;
    case "End":
      to(items.at(-1));
      break;
    case "ArrowRight":
      if (expanded === "false") actions.toggle(item, true);
      else if (expanded === "true") to(items[at + 1]);
      break;
    case "ArrowLeft":
      if (expanded === "true") actions.toggle(item, false);
      else to(items.slice(0, at).findLast((each) => Number(each.getAttribute("aria-level")) < level));
      break;
    case "Enter":
    case " ":
      if (expanded === null) actions.open?.(item);
      else actions.toggle(item, expanded === "false");
      break;
    case "Delete":
      actions.remove?.(item);
      break;
    case "F10":
      if (!event.shiftKey) return;
      actions.menu?.(item);
      break;
    case "ContextMenu":
      actions.menu?.(item);
      break;
    default:
      return;
  }
  event.preventDefault();
}
