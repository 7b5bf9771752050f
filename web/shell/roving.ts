/** Arrow keys within a tab list, a toolbar or a menu: one item is in the tab order, the arrows move (WAI-ARIA practices). */
export function moveWithin(event: KeyboardEvent, items: string, orientation: "horizontal" | "vertical"): void {
  const [back, on] = orientation === "horizontal" ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
  const list = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>(items)];
  const at = list.indexOf(document.activeElement as HTMLElement);
  if (list.length === 0 || at < 0) return;
  let next: number;
  if (event.key === back) next = (at - 1 + list.length) % list.length;
  else if (event.key === on) next = (at + 1) % list.length;
  else if (event.key === "Home") next = 0;
  else if (event.key === "End") next = list.length - 1;
  else return;
  event.preventDefault();
  list[next]?.focus();
}

export const tabKeys = (event: KeyboardEvent): void => moveWithin(event, '[role="tab"]', "horizontal");
export const menuKeys = (event: KeyboardEvent): void => moveWithin(event, '[role^="menuitem"]', "vertical");
