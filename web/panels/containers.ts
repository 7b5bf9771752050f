import { html, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import type { App } from "../app.ts";
import * as actions from "../engine/actions.ts";
import { containerName, dotClass, humanSize, isUp, portList, shellLine, shortId } from "../engine/format.ts";
import type { ContainerSummary } from "../engine/types.ts";
import { type IconName, icon } from "../shell/icons.ts";
import { arrangementOf } from "../shell/layout.ts";
import { LightElement } from "../shell/light-element.ts";
import { type MenuEntry, openMenu, openRowMenu } from "../shell/menu.ts";
import { formatRoute } from "../shell/router.ts";
import { StoreController } from "../state/store.ts";
import { spark } from "./spark.ts";
import { statsOf } from "./stats.ts";

/** `roomy`: left out of a narrow panel. */
const columns: readonly { readonly name: string; readonly roomy?: true; readonly hidden?: true }[] = [
  { name: "Name" },
  { name: "Image", roomy: true },
  { name: "Ports" },
  { name: "CPU", roomy: true },
  { name: "Memory", roomy: true },
  { name: "Status" },
  { name: "Actions", hidden: true },
];

/**
 * All containers. Rows are boxes of their own, not a table's: what changes in one moves no other, and rows out of sight are neither laid out nor
 * painted (`content-visibility`, which tables do not have). Roles say that it is a table nevertheless.
 */
export class Containers extends LightElement {
  readonly #containers = new StoreController(
    this,
    () => this.app.store,
    (state) => state.containers,
  );

  protected override render(): TemplateResult {
    const containers = this.#containers.value;
    if (containers === undefined)
      return html`<div class="empty"><p>Containers appear here when the machine runs.</p></div>`;
    if (containers.length === 0)
      return emptyState(this.app, "No containers yet.", "docker run -d --name web -p 8080:80 nginx");
    return html`<div class="scroll" tabindex="0" role="region" aria-label="Containers">
      <table class="rows" role="table">
        <thead role="rowgroup"><tr role="row">${columns.map(({ name, roomy, hidden }) => html`<th role="columnheader" class=${roomy === true ? "roomy" : ""}>${hidden === true ? html`<span class="vh">${name}</span>` : name}</th>`)}</tr></thead>
        <tbody role="rowgroup">${repeat(
          containers,
          (container) => container.Id,
          // A burst of events draws the rows that have changed: an entry that says the same is the same object (state/kept.ts).
          (container) => guard([container], () => this.#row(container)),
        )}</tbody>
      </table>
    </div>`;
  }

  #row(container: ContainerSummary): TemplateResult {
    const name = containerName(container);
    const ports = portList(container.Ports);
    const running = container.State === "running";
    return html`<tr role="row" @contextmenu=${(event: MouseEvent) => openRowMenu(event, name, containerMenu(this.app, container))}>
      <td role="cell"><span class="row"><i class="dot ${dotClass(container.State)}"></i><a href=${formatRoute({ view: "containers", name })} style="font-weight: ${isUp(container.State) ? 600 : 400}" class="clip name">${name}</a><span class="mono s sub wide-only">${shortId(container.Id)}</span></span></td>
      <td role="cell" class="image roomy"><a class="mono plainlink" href=${formatRoute({ view: "images", name: container.Image })}>${container.Image}</a></td>
      <td role="cell">${ports.length === 0 ? html`<span class="sub">none</span>` : ports.map((port) => html`<button class="mono link" title="Open the preview of port ${Number.parseInt(port, 10)}" @click=${() => openPreview(this.app, Number.parseInt(port, 10))}>${port}</button> `)}</td>
      ${running ? html`<dd-stats-cells .container=${container.Id} style="display: contents"></dd-stats-cells>` : html`<td role="cell" class="sub roomy">–</td><td role="cell" class="sub roomy">–</td>`}
      <td role="cell" title=${new Date(container.Created * 1000).toLocaleString()}>${container.Status}</td>
      <td role="cell"><span class="act">${this.#buttons(container, name)}</span></td>
    </tr>`;
  }

  #buttons(container: ContainerSummary, name: string): TemplateResult {
    const act = (action: actions.Action, glyph: IconName): TemplateResult =>
      html`<button class="ib s" aria-label=${action.line} title=${action.line} @click=${() => void this.app.perform(action)}>${icon(glyph)}</button>`;
    const main =
      container.State === "running"
        ? html`<button class="ib s" aria-label="Open a shell in ${name}" title="Open a shell in ${name}" @click=${() => void this.app.openShell(name)}>${icon("term")}</button>${act(actions.stopContainer(name), "stop")}`
        : container.State === "paused"
          ? html`${act(actions.unpauseContainer(name), "play")}${act(actions.stopContainer(name), "stop")}`
          : html`${act(actions.startContainer(name), "play")}${act(actions.removeContainer(name, false), "trash")}`;
    return html`${main}<button class="ib s" aria-label="More for ${name}" title="More" aria-haspopup="menu" @click=${(event: MouseEvent) => openMenu(event.currentTarget as HTMLElement, name, containerMenu(this.app, container))}>${icon("more")}</button>`;
  }
}
customElements.define("dd-containers", Containers);

export function containerMenu(app: App, container: ContainerSummary): readonly MenuEntry[] {
  const name = containerName(container);
  const act = (label: string, action: actions.Action, glyph: IconName, danger = false): MenuEntry => ({
    label,
    hint: action.line,
    icon: glyph,
    danger,
    run: () => void app.perform(action),
  });
  const up = isUp(container.State);
  return [
    { label: "Logs", icon: "file", run: () => app.go({ view: "containers", name, tab: "logs" }) },
    { label: "Inspect", icon: "search", run: () => app.go({ view: "containers", name, tab: "inspect" }) },
    { label: "Statistics", icon: "gauge", run: () => app.go({ view: "containers", name, tab: "stats" }) },
    { label: "Files", icon: "folder", run: () => app.go({ view: "containers", name, tab: "files" }) },
    ...(up ? [{ label: "Under the hood", icon: "hood" as const, run: () => app.go({ view: "hood", name }) }] : []),
    "separator",
    ...(up
      ? [
          ...(container.State === "running"
            ? [{ label: "Shell", hint: shellLine(name), icon: "term" as const, run: () => void app.openShell(name) }]
            : []),
          act("Restart", actions.restartContainer(name), "reload"),
          container.State === "paused"
            ? act("Unpause", actions.unpauseContainer(name), "play")
            : act("Pause", actions.pauseContainer(name), "pause"),
          act("Stop", actions.stopContainer(name), "stop"),
          act("Kill", actions.killContainer(name), "close", true),
        ]
      : [act("Start", actions.startContainer(name), "play")]),
    {
      label: "Rename",
      hint: actions.renameContainer(name, "…").line,
      icon: "edit",
      run: () => void renameContainer(app, name),
    },
    "separator",
    up
      ? {
          label: "Remove by force",
          hint: actions.removeContainer(name, true).line,
          icon: "trash",
          danger: true,
          run: () => void removeRunning(app, name),
        }
      : act("Remove", actions.removeContainer(name, false), "trash", true),
  ];
}

async function renameContainer(app: App, name: string): Promise<void> {
  const { askText } = await import("../shell/ask.ts");
  const to = await askText({ title: `Rename ${name}`, label: "New name", value: name, button: "Rename" });
  if (to === undefined || to === name) return;
  const { route } = app.store.state;
  const shown = route.view === "containers" && route.name === name;
  if ((await app.perform(actions.renameContainer(name, to))) && shown) app.go({ ...route, name: to });
}

/** What runs in it and what it wrote is gone then. */
async function removeRunning(app: App, name: string): Promise<void> {
  const { askSure } = await import("../shell/ask.ts");
  const action = actions.removeContainer(name, true);
  const sure = await askSure({
    title: `Remove ${name} while it runs?`,
    body: "Its processes are killed, and what it wrote outside of volumes is gone.",
    line: action.line,
    button: "Remove",
  });
  if (sure) await app.perform(action);
}

const inSight = new WeakMap<Element, (visible: boolean) => void>();
/** One for all rows: each observer costs every frame. */
const sight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) inSight.get(target)?.(isIntersecting);
});

/** The two cells with live values: they alone re-render when a sample comes. */
class StatsCells extends LightElement {
  static override properties = { container: {} };
  declare container: string;
  #stop: (() => void) | undefined;
  #row: Element | undefined;

  /** Rows out of sight ask for nothing: of 200 containers, a dozen streams run. */
  override connectedCallback(): void {
    super.connectedCallback();
    this.#row = this.parentElement ?? this;
    inSight.set(this.#row, (visible) => this.#watch(visible));
    sight.observe(this.#row);
  }
  override disconnectedCallback(): void {
    if (this.#row !== undefined) sight.unobserve(this.#row);
    this.#watch(false);
    super.disconnectedCallback();
  }

  #watch(visible: boolean): void {
    this.#stop?.();
    this.#stop = visible ? statsOf(this.app).watch(this.container, () => this.requestUpdate()) : undefined;
  }

  protected override render(): TemplateResult {
    const samples = statsOf(this.app).samples(this.container);
    const last = samples.at(-1);
    return html`<td role="cell"><span class="row">${spark(
      samples.map(({ cpu }) => cpu),
      5,
    )}<span class="num sub" style="min-width: 5ch; text-align: right">${last === undefined ? "" : `${last.cpu.toFixed(1)} %`}</span></span></td>
      <td role="cell"><span class="row">${spark(samples.map(({ memory }) => memory))}<span class="num" style="min-width: 7ch; text-align: right">${last === undefined ? "" : humanSize(last.memory)}</span></span></td>`;
  }
}
customElements.define("dd-stats-cells", StatsCells);

export function openPreview(app: App, port: number): void {
  if (arrangementOf(app.store.state.route, false) === "full") app.go({ view: "playground" });
  app.store.set({ preview: port });
}

export function emptyState(app: App, sentence: string, line: string): TemplateResult {
  return html`<div class="empty">
    <p>${sentence}</p>
    <div class="fence"><code>${line}</code>
      <button class="btn s" @click=${() => void app.runInTerminal(line)}>${icon("play")}Run</button>
      <button class="ib s" aria-label="Copy ${line}" title="Copy" @click=${() => void app.copy(line, "Command")}>${icon("copy")}</button>
    </div>
  </div>`;
}
