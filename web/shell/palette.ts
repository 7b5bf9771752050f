/** The command palette: every place and action of the page, and any docker line, with what was used last first. */
import { html, render } from "lit";
import type { App } from "../app.ts";
import { remember, remembered } from "../state/settings.ts";
import { icon } from "./icons.ts";
import { commandsOf } from "./palette-commands.ts";
import { type Command, match } from "./palette-match.ts";

const runPrefix = "Run in the terminal: ";

export function openPalette(app: App): void {
  if (document.querySelector("dialog.palette") !== null) return;
  const dialog = document.createElement("dialog");
  dialog.className = "palette";
  dialog.setAttribute("aria-label", "Search or run");
  document.body.append(dialog);
  const recent = remembered<readonly string[]>("recentCommands", []);
  const known = commandsOf(app);
  const line = (typed: string): Command => ({
    label: `${runPrefix}${typed}`,
    icon: "term",
    run: () => void app.runInTerminal(typed),
  });
  // Lines that were typed here, and those that stand in the command log, are offered again.
  const typedBefore = recent
    .filter((label) => label.startsWith(runPrefix))
    .map((label) => label.slice(runPrefix.length));
  const logged = app.store.state.commands.map((entry) => entry.line).reverse();
  const commands = [...known, ...[...new Set([...typedBefore, ...logged])].map(line)];
  let query = "";
  let selected = 0;
  const choose = (command: Command): void => {
    dialog.close();
    remember("recentCommands", [command.label, ...recent.filter((label) => label !== command.label)].slice(0, 20));
    command.run();
  };
  const found = (): readonly Command[] => {
    const list = match(commands, query, recent).slice(0, 60);
    const typed = query.trim();
    if (typed === "") return list;
    const run = typed.startsWith("docker ") || list.length === 0 ? line(typed) : undefined;
    const isSame = (command: Command): boolean => command.label === typed || command.label === run?.label;
    const exact = list.filter(({ label }) => label === typed);
    return [...exact, ...(run === undefined ? [] : [run]), ...list.filter((command) => !isSame(command))];
  };
  const draw = (): void => {
    const list = found();
    selected = Math.max(0, Math.min(selected, list.length - 1));
    render(
      html`<input class="query" role="combobox" aria-label="Search or run" aria-expanded="true" aria-controls="palette-list" aria-autocomplete="list"
          aria-activedescendant=${list.length > 0 ? `palette-${selected}` : ""} placeholder="A container, an action, or a docker line" autocomplete="off" spellcheck="false" .value=${query}
          @input=${(event: Event) => {
            query = (event.target as HTMLInputElement).value;
            selected = 0;
            draw();
          }}
          @keydown=${(event: KeyboardEvent) => {
            const command = list[selected];
            if (event.key === "ArrowDown") selected = (selected + 1) % Math.max(1, list.length);
            else if (event.key === "ArrowUp") selected = (selected - 1 + list.length) % Math.max(1, list.length);
            else if (event.key === "Enter" && command !== undefined) choose(command);
            else return;
            event.preventDefault();
            draw();
          }} />
        <div role="listbox" id="palette-list" aria-label="Results">
          ${list.map(
            (
              command,
              index,
            ) => html`<div role="option" id="palette-${index}" aria-selected=${index === selected} @click=${() => choose(command)}>
              ${icon(command.icon)}<span class="grow clip">${command.label}</span>${command.hint === undefined ? "" : html`<span class="sub">${command.hint}</span>`}
            </div>`,
          )}
        </div>`,
      dialog,
    );
    dialog.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  };
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  draw();
  dialog.showModal();
}
