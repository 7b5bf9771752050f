/** The command palette: every place and action of the page, and any docker line, with what was used last first. */
import { html, render } from "lit";
import type { App } from "../app.ts";
import * as actions from "../engine/actions.ts";
import { containerName, isUp, shortId } from "../engine/format.ts";
import { remember, remembered } from "../state/settings.ts";
import { type IconName, icon } from "./icons.ts";
import { type Command, match } from "./palette-match.ts";
import type { Route } from "./router.ts";
import { chooseTheme } from "./theme.ts";

function commandsOf(app: App): readonly Command[] {
  const go = (label: string, glyph: IconName, route: Route): Command => ({
    label,
    icon: glyph,
    run: () => app.go(route),
  });
  const perform = (action: actions.Action, glyph: IconName): Command => ({
    label: action.line,
    icon: glyph,
    run: () => void app.perform(action),
  });
  const { containers = [], images = [] } = app.store.state;
  return [
    {
      label: "New terminal",
      icon: "term",
      hint: "Alt Shift T",
      run: () => void app.terminals().then((t) => t.open({})),
    },
    { label: "Split terminal", icon: "split", run: () => void app.terminals().then((t) => t.open({ split: true })) },
    go("Go to containers", "box", { view: "containers" }),
    go("Go to images", "layers", { view: "images" }),
    go("Go to volumes", "disk", { view: "volumes" }),
    go("Go to networks", "net", { view: "networks" }),
    go("Go to ports", "ports", { view: "ports" }),
    go("Go to system", "gauge", { view: "system" }),
    go("Go to the playground", "term", { view: "playground" }),
    go("Go home", "book", { view: "home" }),
    {
      label: "Share this playground as a link",
      icon: "share",
      run: () => void import("../lessons/share.ts").then(({ openShare }) => openShare(app)),
    },
    {
      label: "Keep images for when there is no network",
      icon: "disk",
      run: () => void import("../offline/kept-dialog.ts").then(({ openKept }) => openKept(app)),
    },
    {
      label: "New playground",
      icon: "plus",
      run: () =>
        void import("../playgrounds/dialogs.ts").then(({ askNewPlayground }) =>
          askNewPlayground((name) => void app.playgrounds().then((all) => all.create(name))),
        ),
    },
    ...app.store.state.playgrounds.list.flatMap((playground): Command[] =>
      playground.id === app.options.playground
        ? [
            {
              label: `Save playground ${playground.name} to a file`,
              icon: "download",
              run: () => void app.playgrounds().then((all) => all.save(playground)),
            },
          ]
        : [
            {
              label: `Switch to playground ${playground.name}`,
              icon: "box",
              run: () => void app.playgrounds().then((all) => all.open(playground.id)),
            },
          ],
    ),
    { label: "Theme: light", icon: "sun", run: () => chooseTheme("light") },
    { label: "Theme: dark", icon: "sun", run: () => chooseTheme("dark") },
    { label: "Theme: as the system", icon: "sun", run: () => chooseTheme("system") },
    ...containers.flatMap((container) => {
      const name = containerName(container);
      return [
        go(`Open container ${name}`, "box", { view: "containers", name }),
        go(`Under the hood of ${name}`, "hood", { view: "hood", name }),
        ...(isUp(container.State)
          ? [
              { label: `Shell in ${name}`, icon: "term" as const, run: () => void app.openShell(name) },
              perform(actions.stopContainer(name), "stop"),
              perform(actions.restartContainer(name), "reload"),
            ]
          : [perform(actions.startContainer(name), "play"), perform(actions.removeContainer(name, false), "trash")]),
      ];
    }),
    ...images.map((image) => {
      const name = image.RepoTags?.[0] ?? shortId(image.Id);
      return go(`Open image ${name}`, "layers", { view: "images", name });
    }),
  ];
}

export function openPalette(app: App): void {
  if (document.querySelector("dialog.palette") !== null) return;
  const dialog = document.createElement("dialog");
  dialog.className = "palette";
  dialog.setAttribute("aria-label", "Search or run");
  document.body.append(dialog);
  const commands = commandsOf(app);
  const recent = remembered<readonly string[]>("recentCommands", []);
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
    const line = typed.startsWith("docker ") ? typed : undefined;
    const runs: Command[] =
      line !== undefined || list.length === 0
        ? [{ label: `Run in the terminal: ${typed}`, icon: "term", run: () => void app.runInTerminal(typed) }]
        : [];
    return [
      ...list.filter((command) => command.label === line),
      ...runs,
      ...list.filter((command) => command.label !== line),
    ];
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
