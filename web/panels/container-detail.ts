import { html, type nothing, type TemplateResult } from "lit";
import * as actions from "../engine/actions.ts";
import { containerName, dotClass } from "../engine/format.ts";
import type { ContainerSummary } from "../engine/types.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { openMenu } from "../shell/menu.ts";
import { type ContainerTab, formatRoute } from "../shell/router.ts";
import { tabKeys } from "../shell/roving.ts";
import { StoreController } from "../state/store.ts";
import "./container-changes.ts";
import "./file-browser.ts";
import "./container-stats.ts";
import { containerMenu } from "./containers.ts";
import "./inspect.ts";
import "./logs.ts";

const tabs: readonly { readonly tab: ContainerTab; readonly label: string }[] = [
  { tab: "logs", label: "Logs" },
  { tab: "inspect", label: "Inspect" },
  { tab: "stats", label: "Statistics" },
  { tab: "files", label: "Files" },
  { tab: "changes", label: "Changes" },
];

/** One container: where it stands, what can be done, and a tab for each thing to look at. */
export class Container extends LightElement {
  static override properties = { name: {}, tab: {} };
  declare name: string;
  declare tab: ContainerTab;
  readonly #containers = new StoreController(
    this,
    () => this.app.store,
    (state) => state.containers,
  );

  get #container(): ContainerSummary | undefined {
    return this.#containers.value?.find((each) => containerName(each) === this.name || each.Id.startsWith(this.name));
  }

  protected override render(): TemplateResult {
    const container = this.#container;
    if (container === undefined)
      return html`<div class="empty"><p>${this.#containers.value === undefined ? "The machine is starting." : html`There is no container named <b>${this.name}</b>. It may have been removed.`}</p><a class="btn" href="#/containers">All containers</a></div>`;
    return html`${this.#bar(container)}${this.#view(container)}`;
  }

  #bar(container: ContainerSummary): TemplateResult {
    const name = containerName(container);
    const running = container.State === "running";
    return html`<div class="toolbar">
      <a class="ib s" href="#/containers" aria-label="All containers" title="All containers">${icon("back")}</a>
      <i class="dot ${dotClass(container.State)}"></i><b class="clip">${name}</b><span class="sub clip hide-narrow">${container.Status}</span>
      <div class="tablist subtabs" role="tablist" aria-label="Of ${name}" @keydown=${tabKeys}>
        ${tabs.map(({ tab, label }) => html`<a class="tab" role="tab" aria-selected=${tab === this.tab} tabindex=${tab === this.tab ? 0 : -1} href=${formatRoute({ view: "containers", name: this.name, tab })}>${label}</a>`)}
      </div>
      <span class="spacer"></span>
      ${
        running
          ? html`<button class="ib s" aria-label="Open a shell in ${name}" title="Open a shell in ${name}" @click=${() => void this.app.openShell(name)}>${icon("term")}</button>
              <a class="ib s" aria-label="Under the hood of ${name}" title="Under the hood" href=${formatRoute({ view: "hood", name })}>${icon("hood")}</a>
              <button class="ib s" aria-label="docker stop ${name}" title="docker stop ${name}" @click=${() => void this.app.perform(actions.stopContainer(name))}>${icon("stop")}</button>`
          : html`<button class="ib s" aria-label="docker start ${name}" title="docker start ${name}" @click=${() => void this.app.perform(actions.startContainer(name))}>${icon("play")}</button>`
      }
      <button class="ib s" aria-label="More for ${name}" title="More" aria-haspopup="menu" @click=${(event: MouseEvent) => openMenu(event.currentTarget as HTMLElement, name, containerMenu(this.app, container))}>${icon("more")}</button>
    </div>`;
  }

  #view(container: ContainerSummary): TemplateResult | typeof nothing {
    const id = container.Id;
    switch (this.tab) {
      case "logs":
        return html`<dd-logs .container=${id} .label=${this.name} style="display: contents"></dd-logs>`;
      case "inspect":
        return html`<dd-inspect .path=${`/containers/${id}/json`} .command=${`docker inspect ${this.name}`} .revision=${container.Status} style="display: contents"></dd-inspect>`;
      case "stats":
        return html`<dd-container-stats .container=${id} .running=${container.State === "running"} style="display: contents"></dd-container-stats>`;
      case "files":
        return html`<dd-file-browser .place=${{ kind: "container", id }} style="display: contents"></dd-file-browser>`;
      case "changes":
        return html`<dd-container-changes .container=${id} .image=${container.ImageID} .label=${this.name} style="display: contents"></dd-container-changes>`;
    }
  }
}
customElements.define("dd-container", Container);
