import { html, nothing, type TemplateResult } from "lit";
import type { LayerContents, LayerFile } from "../../worker/protocol/index.ts";
import { errorText } from "../engine/engine.ts";
import { humanSize } from "../engine/format.ts";
import type { ImageHistoryItem } from "../engine/types.ts";
import { imageRows } from "../panels/images.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { StoreController } from "../state/store.ts";
import { type Comparison, compareImages, finalFiles, sorted, upTo } from "./compare-model.ts";
import "./file-tree.ts";
import { layersOf } from "./layer-model.ts";
import { type DiffLine, diffText, diffView } from "./text-diff.ts";

/** Equal sizes are told apart by reading the files, up to this many and this large. */
const mostRead = 200;
const mostReadBytes = 1e6;

/** One side: an image, whole or up to one of its layers. */
interface Side {
  readonly image: string;
  readonly height: number | undefined;
  readonly layers: readonly LayerContents[];
  readonly instructions: ReadonlyMap<number, string>;
}

/** Two images, or two layers of one, against each other: the files that differ, and the lines of one that was chosen. */
export class Compare extends LightElement {
  static override properties = {
    image: {},
    from: { state: true },
    to: { state: true },
    changes: { state: true },
    unread: { state: true },
    failure: { state: true },
    lines: { state: true },
  };
  declare image: string;
  declare from: Side | undefined;
  declare to: Side | undefined;
  declare changes: readonly LayerFile[] | undefined;
  /** Files of equal size that were not read. */
  declare unread: number;
  declare failure: string | undefined;
  declare lines: { readonly path: string; readonly lines: readonly DiffLine[] | undefined } | undefined;
  readonly #images = new StoreController(
    this,
    () => this.app.store,
    (state) => state.images,
  );
  /** The comparison under way: a newer one ends it. */
  #current = 0;

  constructor() {
    super();
    this.unread = 0;
  }

  protected override firstUpdated(): void {
    void this.#choose("from", this.image, undefined);
  }

  async #side(image: string, height: number | undefined): Promise<Side> {
    const path = encodeURIComponent(image);
    const [layers, history] = await Promise.all([
      this.app.bridge.imageLayers(image),
      this.app.engine.get<readonly ImageHistoryItem[]>(`/images/${path}/history`),
    ]);
    const instructions = layersOf(history, layers.length).flatMap(({ index, instruction }) =>
      index === undefined ? [] : [[index, instruction] as const],
    );
    return { image, height, layers, instructions: new Map(instructions) };
  }

  async #choose(which: "from" | "to", image: string, height: number | undefined): Promise<void> {
    this.failure = undefined;
    try {
      const known = [this.from, this.to].find((side) => side?.image === image);
      this[which] = known === undefined ? await this.#side(image, height) : { ...known, height };
      await this.#compare();
    } catch (error) {
      this.failure = errorText(error);
    }
  }

  async #compare(): Promise<void> {
    const { from, to } = this;
    this.lines = undefined;
    this.#current += 1;
    if (from === undefined || to === undefined) return;
    const current = this.#current;
    const comparison = compareImages(upTo(from.layers, from.height), upTo(to.layers, to.height));
    this.changes = comparison.changes;
    await this.#readUnsure(from.image, to.image, comparison, () => current === this.#current);
  }

  async #readUnsure(from: string, to: string, { changes, unsure }: Comparison, goesOn: () => boolean): Promise<void> {
    const readable = unsure.filter(({ after }) => after.file.size <= mostReadBytes).slice(0, mostRead);
    this.unread = unsure.length - readable.length;
    let found = changes;
    for (const { path, before, after } of readable) {
      const [old, now] = await Promise.all([
        this.app.bridge.layerFile(from, before.layer, path),
        this.app.bridge.layerFile(to, after.layer, path),
      ]);
      if (!goesOn()) return;
      if (old.length === now.length && old.every((byte, at) => byte === now[at])) continue;
      found = sorted([...found, { ...after.file, change: "changed" }]);
    }
    if (found !== changes) this.changes = found;
  }

  async #show(path: string): Promise<void> {
    const read = async (side: Side | undefined): Promise<Uint8Array> => {
      const placed = side === undefined ? undefined : finalFiles(upTo(side.layers, side.height)).get(path);
      if (side === undefined || placed?.file.type !== "file") return new Uint8Array(0);
      return await this.app.bridge.layerFile(side.image, placed.layer, path);
    };
    try {
      const [before, after] = await Promise.all([read(this.from), read(this.to)]);
      this.lines = { path, lines: await diffText(before, after) };
    } catch (error) {
      this.app.toast({ kind: "bad", text: `/${path}: ${errorText(error)}` });
    }
  }

  protected override render(): TemplateResult {
    const { from, to } = this;
    const references = imageRows(this.#images.value ?? []).map(({ reference }) => reference);
    return html`
      <div class="toolbar wrapped">
        <span class="clip">${this.image}</span>${from === undefined ? nothing : this.#heights("from", "Layer of this image", from)}
        <span class="sub">against</span>
        <select class="input chooser" aria-label="The other image" @change=${(event: Event) => void this.#choose("to", (event.target as HTMLSelectElement).value, undefined)}>
          <option value="" disabled ?selected=${to === undefined}>Choose an image</option>
          ${references.map((reference) => html`<option ?selected=${reference === to?.image}>${reference}</option>`)}
        </select>
        ${to === undefined ? nothing : this.#heights("to", "Layer of the other image", to)}
        <span class="spacer"></span>
        ${this.changes === undefined ? nothing : this.#counts(this.changes)}
      </div>
      ${this.failure === undefined ? nothing : html`<div class="pad"><div class="note bad">${icon("warn")}<p>${this.failure}</p></div></div>`}
      ${
        this.changes === undefined
          ? html`<div class="empty"><p>${to === undefined ? "Choose an image, this one or another, to see which files differ." : "Reading both images."}</p></div>`
          : this.changes.length === 0
            ? html`<div class="empty"><p>Both hold the same files.</p></div>`
            : html`<div class="splitview">
                <div><dd-file-tree .files=${this.changes} plain label="Files that differ" @open-file=${(event: CustomEvent<string>) => void this.#show(event.detail)} style="display: contents"></dd-file-tree></div>
                <div>${this.lines === undefined ? html`<div class="empty"><p>Choose a file to see its lines.</p></div>` : diffView(`/${this.lines.path}`, this.lines.lines)}</div>
              </div>`
      }
      ${this.unread === 0 ? nothing : html`<p class="sub notice">${this.unread} files of equal size are too large to be read here; they may differ.</p>`}`;
  }

  #heights(which: "from" | "to", label: string, side: Side): TemplateResult {
    const choose = (event: Event): void => {
      const { value } = event.target as HTMLSelectElement;
      void this.#choose(which, side.image, value === "" ? undefined : Number(value));
    };
    return html`<select class="input chooser" aria-label=${label} @change=${choose}>
      <option value="" ?selected=${side.height === undefined}>All layers</option>
      ${side.layers.map(({ index }) => html`<option value=${index} ?selected=${side.height === index}>Up to layer ${index + 1}: ${side.instructions.get(index) ?? ""}</option>`)}
    </select>`;
  }

  #counts(changes: readonly LayerFile[]): TemplateResult {
    const of = (change: LayerFile["change"]): readonly LayerFile[] => changes.filter((each) => each.change === change);
    const size = (files: readonly LayerFile[]): string => humanSize(files.reduce((sum, file) => sum + file.size, 0));
    return html`<span class="row"><span class="badge ok">${of("added").length} added, ${size(of("added"))}</span><span class="badge warn">${of("changed").length} changed</span><span class="badge bad">${of("removed").length} removed, ${size(of("removed"))}</span></span>`;
  }
}
customElements.define("dd-compare", Compare);
