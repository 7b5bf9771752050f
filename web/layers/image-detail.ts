import { html, nothing, type TemplateResult } from "lit";
import type { LayerContents } from "../../worker/protocol/index.ts";
import { errorText } from "../engine/engine.ts";
import { ago, humanSize } from "../engine/format.ts";
import type { ImageHistoryItem } from "../engine/types.ts";
import "../panels/inspect.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { formatRoute, type ImageTab } from "../shell/router.ts";
import { tabKeys } from "../shell/roving.ts";
import { StoreController } from "../state/store.ts";
import { type Layer, layersOf, wasteOf } from "./layer-model.ts";
import "./compare.ts";
import "./layer-files.ts";

const tabs: readonly { readonly tab: ImageTab; readonly label: string }[] = [
  { tab: "layers", label: "Layers" },
  { tab: "history", label: "History" },
  { tab: "compare", label: "Compare" },
  { tab: "inspect", label: "Inspect" },
];

interface ImageInspect {
  readonly Size: number;
  readonly RootFS?: { readonly Layers?: readonly string[] };
}

/** The layer explorer: which instruction made which layer, what it holds, and what of it is wasted. */
export class ImageDetail extends LightElement {
  static override properties = {
    name: {},
    tab: {},
    image: { state: true },
    history: { state: true },
    contents: { state: true },
    contentsFailure: { state: true },
    failure: { state: true },
    chosen: { state: true },
  };
  declare name: string;
  declare tab: ImageTab;
  declare image: ImageInspect | undefined;
  declare history: readonly ImageHistoryItem[];
  declare contents: readonly LayerContents[] | undefined;
  declare contentsFailure: string | undefined;
  declare failure: string | undefined;
  declare chosen: number | undefined;
  readonly #machine = new StoreController(
    this,
    () => this.app.store,
    (state) => state.machine.kind,
  );
  #fetched = "";

  constructor() {
    super();
    this.history = [];
  }

  protected override updated(): void {
    if (this.#machine.value !== "running" || this.#fetched === this.name) return;
    this.#fetched = this.name;
    void this.#fetch();
  }

  async #fetch(): Promise<void> {
    this.image = undefined;
    this.contents = undefined;
    this.chosen = undefined;
    this.failure = undefined;
    this.contentsFailure = undefined;
    const path = encodeURIComponent(this.name);
    try {
      const { engine } = this.app;
      [this.image, this.history] = await Promise.all([
        engine.get<ImageInspect>(`/images/${path}/json`),
        engine.get<readonly ImageHistoryItem[]>(`/images/${path}/history`),
      ]);
    } catch (error) {
      this.failure = errorText(error);
      return;
    }
    try {
      this.contents = await this.app.bridge.imageLayers(this.name);
    } catch (error) {
      this.contentsFailure = errorText(error);
    }
  }

  protected override render(): TemplateResult {
    return html`
      <div class="toolbar">
        <a class="ib s" href="#/images" aria-label="All images" title="All images">${icon("back")}</a>
        <b class="clip">${this.name}</b><span class="sub num hide-narrow">${this.image === undefined ? "" : humanSize(this.image.Size)}</span>
        <div class="tablist subtabs" role="tablist" aria-label="Of ${this.name}" @keydown=${tabKeys}>
          ${tabs.map(({ tab, label }) => html`<a class="tab" role="tab" aria-selected=${tab === this.tab} tabindex=${tab === this.tab ? 0 : -1} href=${formatRoute({ view: "images", name: this.name, tab })}>${label}</a>`)}
        </div>
        <span class="spacer"></span>
        <button class="btn" @click=${() => void import("../panels/run-dialog.ts").then(({ openRun }) => openRun(this.app, this.name))}>${icon("play")}Run</button>
      </div>
      ${this.failure === undefined ? this.#view() : html`<div class="pad"><div class="note bad">${icon("warn")}<p>${this.failure}</p></div></div>`}`;
  }

  #view(): TemplateResult | typeof nothing {
    if (this.image === undefined) return nothing;
    switch (this.tab) {
      case "layers":
        return this.#layers(layersOf(this.history, this.image.RootFS?.Layers?.length ?? 0));
      case "history":
        return this.#history();
      case "compare":
        return html`<dd-compare .image=${this.name} style="display: contents"></dd-compare>`;
      case "inspect":
        return html`<dd-inspect .path=${`/images/${encodeURIComponent(this.name)}/json`} .command=${`docker image inspect ${this.name}`} style="display: contents"></dd-inspect>`;
    }
  }

  #layers(layers: readonly Layer[]): TemplateResult {
    const chosen = this.chosen ?? layers.find(({ index }) => index !== undefined)?.index;
    const files = this.contents?.find(({ index }) => index === chosen);
    return html`<div class="splitview">
      <div><div class="scroll" tabindex="0" role="region" aria-label="Layers">
        <table class="layers"><thead><tr><th>Layer</th><th class="right">Size</th></tr></thead><tbody>
          ${layers.map(
            (layer) => html`<tr aria-selected=${layer.index !== undefined && layer.index === chosen}>
            <td class="max">${
              layer.index === undefined
                ? html`<code class="s clip sub" title=${layer.instruction}>${layer.instruction}</code>`
                : html`<button class="layer clip" aria-pressed=${layer.index === chosen} title=${layer.instruction} @click=${() => {
                    this.chosen = layer.index;
                  }}><code class="s">${layer.instruction}</code></button>`
            }<br /><span class="sub">${layer.index === undefined ? "no files" : `layer ${layer.index + 1}`} · ${ago(layer.created)}</span></td>
            <td class="num right">${humanSize(layer.size)}</td></tr>`,
          )}
        </tbody></table>
        ${this.#waste()}
      </div></div>
      <div>${
        files !== undefined
          ? html`<dd-layer-files .image=${this.name} .layer=${files} style="display: contents"></dd-layer-files>`
          : html`<div class="empty"><p>${this.contentsFailure ?? (this.contents === undefined ? "Reading the layers." : "This layer holds no files.")}</p></div>`
      }</div>
    </div>`;
  }

  #waste(): TemplateResult | typeof nothing {
    if (this.contents === undefined || this.image === undefined) return nothing;
    const waste = wasteOf(this.contents);
    const bytes = waste.reduce((sum, each) => sum + each.bytes, 0);
    const share = this.image.Size > 0 ? bytes / this.image.Size : 0;
    return html`<div class="pad"><section class="card">
      <h2>${humanSize(this.image.Size)}, ${bytes === 0 ? "nothing of it wasted" : `${humanSize(bytes)} of it wasted`}</h2>
      <div class="bar ${share > 0.1 ? "warn" : "ok"}"><i style="width: ${((1 - share) * 100).toFixed(1)}%"></i></div>
      ${waste.slice(0, 8).map((each) => html`<p class="sub">/${each.path} (${humanSize(each.bytes)}) is written in layer ${each.writtenIn} and ${each.cause} in layer ${each.hiddenIn}${this.#by(each.hiddenIn)}.</p>`)}
      ${waste.length > 8 ? html`<p class="sub">And ${waste.length - 8} more.</p>` : nothing}
    </section></div>`;
  }

  /** The instruction that made the layer, counted from 1. */
  #by(layer: number): TemplateResult | typeof nothing {
    const layers = layersOf(this.history, this.image?.RootFS?.Layers?.length ?? 0);
    const instruction = layers.find(({ index }) => index === layer - 1)?.instruction;
    return instruction === undefined
      ? nothing
      : html` by <code class="s" title=${instruction}>${shortened(instruction)}</code>`;
  }

  #history(): TemplateResult {
    return html`<div class="scroll" tabindex="0" role="region" aria-label="History"><table>
      <thead><tr><th>Created</th><th>Created by</th><th class="right">Size</th><th>Comment</th></tr></thead>
      <tbody>${this.history.map(({ Created, CreatedBy, Size, Comment }) => html`<tr><td title=${new Date(Created * 1000).toLocaleString()}>${ago(Created)}</td><td class="max"><code class="s" title=${CreatedBy}>${CreatedBy}</code></td><td class="num right">${humanSize(Size)}</td><td class="sub">${Comment}</td></tr>`)}</tbody>
    </table></div>`;
  }
}
const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text);
customElements.define("dd-image", ImageDetail);
