/** `?embed=1`: the playground inside another page, with that page as its second user. */
import type { EmbedOptions } from "../../embed/address.ts";
import { App } from "../app.ts";
import { onLessonProgress } from "../lessons/progress.ts";
import { provideApp } from "../shell/light-element.ts";
import { chooseTheme } from "../shell/theme.ts";
import { keepForThisVisit } from "../state/settings.ts";
import { embedActions } from "./actions.ts";
import { EmbedBar, EmbedCover } from "./bar.ts";
import { watchHeight } from "./height.ts";
import { type EmbedderWindow, EmbedHost } from "./host.ts";

const defaultTitle = "Docker playground";

export function openEmbed(options: EmbedOptions): void {
  // Another page's choices are not the reader's own.
  keepForThisVisit();
  chooseTheme(options.theme);
  document.body.className = "embed";
  document.body.dataset.panes = options.panels.join(" ");
  const allowed = allowedOrigins();
  if (!allowed.includes("*") && !allowed.includes(options.origin ?? "")) {
    cover(options, "This site does not let that page embed a playground. It opens in a tab of its own.", undefined);
    return;
  }
  if (options.start === "now") run(options, allowed);
  else
    cover(options, "A Linux machine with Docker, in this page. Nothing is installed.", "Start").addEventListener(
      "begin",
      () => run(options, allowed),
    );
}

function cover(options: EmbedOptions, text: string, button: string | undefined): EmbedCover {
  const element = new EmbedCover();
  Object.assign(element, { label: options.title ?? defaultTitle, text, button });
  document.body.replaceChildren(element);
  return element;
}

function run(options: EmbedOptions, allowed: readonly string[]): void {
  const kept = options.keep === undefined ? undefined : `embed-${options.keep}`;
  if (location.hash === "" && !namesSomething()) history.replaceState(null, "", "#/playground");
  const app = new App({ playground: kept, readOnly: options.readOnly, lessonsHere: true });
  provideApp(app);
  const bar = new EmbedBar();
  Object.assign(bar, { label: options.title ?? defaultTitle, whole: wholeAddress() });
  document.body.replaceChildren(bar, document.createElement("dd-app"));
  if (window.parent !== window) serve(app, options, allowed);
  // A link asks before it does anything; the machine was asked for already.
  void app.startMachine();
}

function serve(app: App, options: EmbedOptions, allowed: readonly string[]): void {
  const host = new EmbedHost({
    parent: window.parent as EmbedderWindow,
    options,
    allowed,
    actions: embedActions(app, (reason) => {
      host.tell("stopped", { reason });
      app.bridge.lose(reason);
    }),
  });
  addEventListener("message", (event) => host.receive(event));
  let last: string | undefined;
  app.store.subscribe(() => {
    const { machine } = app.store.state;
    if (machine.kind === last) return;
    last = machine.kind;
    if (machine.kind === "running") host.tell("ready", { origin: machine.report.origin });
    if (machine.kind === "lost") host.tell("stopped", { reason: machine.error.message });
    if (machine.kind === "failed") host.tell("failed", { message: machine.error.message });
    if (machine.kind === "elsewhere") host.tell("failed", { message: "Another tab works on this playground." });
  });
  app.onEngineEvent(({ Type, Action, Actor }) =>
    host.tell("engine", { type: Type, action: Action, name: Actor.Attributes.name ?? Actor.ID }),
  );
  onLessonProgress(({ lesson, step, steps, done, finished }) =>
    host.tell("lesson", { lesson, step, steps, done: done.length, finished }),
  );
  if (options.height) watchHeight((height) => host.tell("height", { height }));
}

/** Who may embed this site's playgrounds: the content of `<meta name="drydock-embedders">`, origins with spaces between; everybody without it. */
function allowedOrigins(): readonly string[] {
  const content = document.querySelector<HTMLMetaElement>('meta[name="drydock-embedders"]')?.content ?? "*";
  return content.split(/\s+/).filter((origin) => origin !== "");
}

function namesSomething(): boolean {
  const query = new URLSearchParams(location.search);
  return ["lesson", "recipe", "stack", "image", "gist"].some((name) => query.has(name));
}

/** What is open here, in a tab of its own. */
function wholeAddress(): string {
  const url = new URL(location.href);
  for (const name of ["embed", "theme", "panels", "start", "readonly", "height", "origin", "keep", "title"])
    url.searchParams.delete(name);
  return url.href;
}
