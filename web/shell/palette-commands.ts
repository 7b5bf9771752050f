/** What the palette offers: every place of the page, and every action, each in the words of its button. */
import type { App } from "../app.ts";
import * as actions from "../engine/actions.ts";
import { containerName, isUp, publishedPorts, shortId } from "../engine/format.ts";
import type { ContainerSummary } from "../engine/types.ts";
import { openPreview } from "../panels/containers.ts";
import type { IconName } from "./icons.ts";
import type { Command } from "./palette-match.ts";
import type { ContainerTab, ImageTab, Route } from "./router.ts";
import { chooseTheme, togglePreference } from "./theme.ts";

const command = (label: string, icon: IconName, run: () => void): Command => ({ label, icon, run });

export function commandsOf(app: App): readonly Command[] {
  const { containers = [] } = app.store.state;
  return [
    ...terminalCommands(app),
    ...places(app),
    ...fileCommands(app),
    ...playgroundCommands(app),
    ...pageCommands(),
    ...containers.flatMap((container) => containerCommands(app, container)),
    ...publishedPorts(containers).map(({ port }) =>
      command(`Preview port ${port}`, "ports", () => openPreview(app, port)),
    ),
    ...imageCommands(app),
    ...volumeAndNetworkCommands(app),
    ...pruneCommands(app),
  ];
}

const go = (app: App, label: string, icon: IconName, route: Route): Command =>
  command(label, icon, () => app.go(route));
const perform = (app: App, action: actions.Action, icon: IconName): Command =>
  command(action.line, icon, () => void app.perform(action));

function terminalCommands(app: App): readonly Command[] {
  const terminals = (work: (all: Awaited<ReturnType<App["terminals"]>>) => void) => () =>
    void app.terminals().then(work);
  return [
    {
      ...command(
        "New terminal",
        "term",
        terminals((all) => void all.open({})),
      ),
      hint: "Alt Shift T",
    },
    command(
      "Split terminal",
      "split",
      terminals((all) => void all.open({ split: true })),
    ),
    command(
      "Close terminal",
      "close",
      terminals((all) => all.active !== undefined && all.close(all.active.id)),
    ),
    command(
      "Copy the terminal's screen",
      "copy",
      terminals((all) => void app.copy(all.target().screenText(), "Screen")),
    ),
    ...app.store.state.terminals.tabs.map((tab, index) =>
      command(
        `Terminal ${index + 1}: ${tab.title}`,
        "term",
        terminals((all) => {
          all.show(tab.id);
          all.focus();
        }),
      ),
    ),
  ];
}

function places(app: App): readonly Command[] {
  return [
    go(app, "Go to containers", "box", { view: "containers" }),
    go(app, "Go to images", "layers", { view: "images" }),
    go(app, "Go to volumes", "disk", { view: "volumes" }),
    go(app, "Go to networks", "net", { view: "networks" }),
    go(app, "Go to ports", "ports", { view: "ports" }),
    go(app, "Go to system", "gauge", { view: "system" }),
    go(app, "Go under the hood", "hood", { view: "hood" }),
    go(app, "Go to the playground", "term", { view: "playground" }),
    go(app, "Go home", "book", { view: "home" }),
  ];
}

function fileCommands(app: App): readonly Command[] {
  return [
    command(
      "New file",
      "plus",
      () => void import("../files/file-actions.ts").then(({ createFile }) => createFile(app, "", "file")),
    ),
    command(
      "New folder",
      "folder",
      () => void import("../files/file-actions.ts").then(({ createFile }) => createFile(app, "", "folder")),
    ),
    command(
      "Download all files as a zip",
      "download",
      () => void import("../files/zip.ts").then(({ downloadZip }) => downloadZip(app, "")),
    ),
  ];
}

function playgroundCommands(app: App): readonly Command[] {
  const playgrounds = (work: (all: Awaited<ReturnType<App["playgrounds"]>>) => void) => () =>
    void app.playgrounds().then(work);
  return [
    command(
      "Share this playground as a link",
      "share",
      () => void import("../lessons/share.ts").then(({ openShare }) => openShare(app)),
    ),
    command(
      "Keep images for when there is no network",
      "disk",
      () => void import("../offline/kept-dialog.ts").then(({ openKept }) => openKept()),
    ),
    command(
      "New playground",
      "plus",
      () =>
        void import("../playgrounds/dialogs.ts").then(({ askNewPlayground }) =>
          askNewPlayground((name) => void app.playgrounds().then((all) => all.create(name))),
        ),
    ),
    ...app.store.state.playgrounds.list.map((playground) =>
      playground.id === app.options.playground
        ? command(
            `Save playground ${playground.name} to a file`,
            "download",
            playgrounds((all) => void all.save(playground)),
          )
        : command(
            `Switch to playground ${playground.name}`,
            "box",
            playgrounds((all) => void all.open(playground.id)),
          ),
    ),
  ];
}

function pageCommands(): readonly Command[] {
  return [
    { ...command("Keys", "book", () => dispatchEvent(new CustomEvent("open-keys"))), hint: "F1" },
    command("Theme: light", "sun", () => chooseTheme("light")),
    command("Theme: dark", "sun", () => chooseTheme("dark")),
    command("Theme: as the system", "sun", () => chooseTheme("system")),
    command("High contrast, on or off", "contrast", () => togglePreference("contrast")),
    command("Less motion, on or off", "contrast", () => togglePreference("motion")),
  ];
}

const containerTabs: readonly (readonly [ContainerTab, string, IconName])[] = [
  ["logs", "Logs of", "file"],
  ["inspect", "Inspect", "search"],
  ["stats", "Statistics of", "gauge"],
  ["files", "Files of", "folder"],
  ["changes", "Changes of", "edit"],
];

function containerCommands(app: App, container: ContainerSummary): readonly Command[] {
  const name = containerName(container);
  const running = container.State === "running";
  return [
    go(app, `Open container ${name}`, "box", { view: "containers", name }),
    ...containerTabs.map(([tab, label, icon]) => go(app, `${label} ${name}`, icon, { view: "containers", name, tab })),
    ...(running ? [command(`Shell in ${name}`, "term", () => void app.openShell(name))] : []),
    ...(isUp(container.State)
      ? [
          go(app, `Under the hood of ${name}`, "hood", { view: "hood", name }),
          perform(app, actions.stopContainer(name), "stop"),
          perform(app, actions.restartContainer(name), "reload"),
          perform(app, actions.killContainer(name), "close"),
          container.State === "paused"
            ? perform(app, actions.unpauseContainer(name), "play")
            : perform(app, actions.pauseContainer(name), "pause"),
        ]
      : [
          perform(app, actions.startContainer(name), "play"),
          perform(app, actions.removeContainer(name, false), "trash"),
        ]),
  ];
}

const imageTabs: readonly (readonly [ImageTab, string, IconName])[] = [
  ["layers", "Layers of", "layers"],
  ["history", "History of", "clock"],
  ["compare", "Compare", "split"],
];

function imageCommands(app: App): readonly Command[] {
  return (app.store.state.images ?? []).flatMap((image) => {
    const name = image.RepoTags?.[0] ?? shortId(image.Id);
    return [
      go(app, `Open image ${name}`, "layers", { view: "images", name }),
      ...imageTabs.map(([tab, label, icon]) => go(app, `${label} ${name}`, icon, { view: "images", name, tab })),
      command(
        `Run ${name}`,
        "play",
        () => void import("../panels/run-dialog.ts").then(({ openRun }) => openRun(app, name)),
      ),
      command(
        `docker pull ${name}`,
        "download",
        () => void import("../panels/pull-dialog.ts").then(({ openPull }) => openPull(app, name)),
      ),
      perform(app, actions.removeImage(name), "trash"),
    ];
  });
}

function volumeAndNetworkCommands(app: App): readonly Command[] {
  const { volumes = [], networks = [] } = app.store.state;
  return [
    ...volumes.map(({ Name }) => go(app, `Browse volume ${Name}`, "disk", { view: "volumes", name: Name })),
    ...networks.map(({ Name }) => go(app, `Show network ${Name}`, "net", { view: "networks", name: Name })),
  ];
}

/** They ask first, with what would go. */
function pruneCommands(app: App): readonly Command[] {
  const kinds = ["container", "image", "volume", "network", "builder"] as const;
  return kinds.map((kind) =>
    command(
      `docker ${kind} prune`,
      "trash",
      () => void import("../panels/prune-dialog.ts").then(({ openPrune }) => openPrune(app, kind)),
    ),
  );
}
