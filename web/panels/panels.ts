import { html, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { publishedPorts } from "../engine/format.ts";
import { type IconName, icon } from "../shell/icons.ts";
import type { Arrangement } from "../shell/layout.ts";
import { LightElement } from "../shell/light-element.ts";
import { formatRoute, type Route } from "../shell/router.ts";
import { tabKeys } from "../shell/roving.ts";
import { StoreController } from "../state/store.ts";
import "./command-log.ts";
import "./containers.ts";
import "./images.ts";

type PanelView = Exclude<Route["view"], "home" | "playground" | "notFound">;

const panels: readonly { readonly view: PanelView; readonly label: string; readonly glyph: IconName }[] = [
  { view: "containers", label: "Containers", glyph: "box" },
  { view: "images", label: "Images", glyph: "layers" },
  { view: "volumes", label: "Volumes", glyph: "disk" },
  { view: "networks", label: "Networks", glyph: "net" },
  { view: "ports", label: "Ports", glyph: "ports" },
  { view: "system", label: "System", glyph: "gauge" },
  { view: "hood", label: "Under the hood", glyph: "hood" },
];

/** The panels' pane: one tab a view, and in it what the address says. */
export class Panels extends LightElement {
  static override properties = {
    collapsed: { type: Boolean },
    arrangement: { attribute: false },
  };
  declare collapsed: boolean;
  declare arrangement: Arrangement;
  readonly #state = new StoreController(
    this,
    () => this.app.store,
    (state) => state,
  );
  /** The playground's address names no panel: the last one stays. */
  #last: Route = { view: "containers" };

  #count(view: PanelView): number | undefined {
    const { containers, images, volumes, networks } = this.#state.value;
    switch (view) {
      case "containers":
        return containers?.length;
      case "images":
        return images?.length;
      case "volumes":
        return volumes?.length;
      case "networks":
        return networks?.length;
      case "ports":
        return containers === undefined ? undefined : publishedPorts(containers).length;
      case "system":
      case "hood":
        return undefined;
    }
  }

  #tell(name: "collapse" | "maximise", detail: boolean): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  protected override render(): TemplateResult {
    const { route } = this.#state.value;
    if (
      route.view !== "playground" &&
      route.view !== "home" &&
      route.view !== "lesson" &&
      route.view !== "link" &&
      route.view !== "notFound"
    )
      this.#last = route;
    const shown = this.#last;
    const { collapsed } = this;
    return html`
      <div class="tabs">
        <div class="tablist" role="tablist" aria-label="Panels" @keydown=${tabKeys}>
          ${panels.map(({ view, label, glyph }) => {
            const selected = view === shown.view;
            const count = this.#count(view);
            return html`<a class="tab" role="tab" href=${formatRoute({ view } as Route)} aria-selected=${selected} tabindex=${selected ? 0 : -1}
              @click=${() => collapsed && this.#tell("collapse", false)}>${icon(glyph)}${label}${count === undefined ? nothing : html`<span class="n">${count}</span>`}</a>`;
          })}
        </div>
        <span class="end layout">
          <button class="ib s" aria-label=${this.arrangement === "full" ? "Show the terminal" : "Panels over the whole page"} title=${this.arrangement === "full" ? "Show the terminal" : "Panels over the whole page"}
            @click=${() => (this.arrangement === "full" ? this.#leaveFull() : this.#tell("maximise", true))}>${icon(this.arrangement === "full" ? "restore" : "expand")}</button>
          ${
            this.arrangement === "below"
              ? html`<button class="ib s" aria-label=${collapsed ? "Show panels" : "Collapse panels"} title=${collapsed ? "Show panels" : "Collapse panels"} @click=${() => this.#tell("collapse", !collapsed)}>${icon(collapsed ? "up" : "down")}</button>`
              : nothing
          }
        </span>
      </div>
      ${!collapsed && this.#state.value.machine.kind === "lost" ? html`<p class="stale sub">${icon("warn")}As it was when the machine stopped.</p>` : nothing}
      ${collapsed ? nothing : html`${keyed(this.app.starts, this.#view(shown))}<dd-command-log></dd-command-log>`}`;
  }

  protected override updated(): void {
    const tab = this.querySelector<HTMLElement>('.tablist > [aria-selected="true"]');
    const list = tab?.parentElement;
    if (tab == null || list == null) return;
    if (
      tab.offsetLeft + tab.offsetWidth > list.offsetLeft + list.scrollLeft + list.clientWidth ||
      tab.offsetLeft < list.offsetLeft + list.scrollLeft
    )
      list.scrollLeft = tab.offsetLeft - list.offsetLeft - 40;
  }

  #leaveFull(): void {
    this.#tell("maximise", false);
    if (this.#last.view === "images" && this.#last.name !== undefined) this.app.go({ view: "images" });
  }

  #view(route: Route): TemplateResult {
    switch (route.view) {
      case "containers":
        if (route.name === undefined) return html`<dd-containers style="display: contents"></dd-containers>`;
        void import("./container-detail.ts");
        return html`<dd-container .name=${route.name} .tab=${route.tab ?? "logs"} style="display: contents"></dd-container>`;
      case "images":
        if (route.name === undefined) return html`<dd-images style="display: contents"></dd-images>`;
        void import("../layers/image-detail.ts");
        return html`<dd-image .name=${route.name} .tab=${route.tab ?? "layers"} style="display: contents"></dd-image>`;
      case "volumes":
        void import("./volumes.ts");
        return html`<dd-volumes .name=${route.name} style="display: contents"></dd-volumes>`;
      case "networks":
        void import("./networks.ts");
        return html`<dd-networks .name=${route.name} style="display: contents"></dd-networks>`;
      case "ports":
        void import("./ports.ts");
        return html`<dd-ports style="display: contents"></dd-ports>`;
      case "system":
        void import("./system.ts");
        return html`<dd-system style="display: contents"></dd-system>`;
      case "hood":
        void import("../hood/hood.ts");
        return html`<dd-hood .name=${route.name} .beside=${route.beside} style="display: contents"></dd-hood>`;
      case "home":
      case "playground":
      case "lesson":
      case "link":
      case "notFound":
        return html``;
    }
  }
}
customElements.define("dd-panels", Panels);
