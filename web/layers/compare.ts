import { html, nothing, type TemplateResult } from "lit";
import type { LayerContents, LayerFile } from "../../worker/protocol/index.ts";
import { errorText } from "../engine/engine.ts";
import { humanSize } from "../engine/format.ts";
import { imageRows } from "../panels/images.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { StoreController } from "../state/store.ts";
import { compareImages, finalFiles } from "./compare-model.ts";
import "./file-tree.ts";

interface DiffLine {
  readonly sign: "+" | "-" | " ";
  readonly text: string;
}

/** Two images against each other: the files that differ, and the lines of one that was chosen. */
export class Compare extends LightElement {
  static override properties = {
    image: {},
    other: { state: true },
    changes: { state: true },
    failure: { state: true },
    lines: { state: true },
  };
  declare image: string;
  declare other: string | undefined;
  declare changes: readonly LayerFile[] | undefined;
  declare failure: string | undefined;
  declare lines: { readonly path: string; readonly lines: readonly DiffLine[] | undefined } | undefined;
  readonly #images = new StoreController(
    this,
    () => this.app.store,
    (state) => state.images,
  );
  #layers: readonly [readonly LayerContents[], readonly LayerContents[]] = [[], []];

  async #compare(other: string): Promise<void> {
    this.other = other;
    this.changes = undefined;
    this.lines = undefined;
    this.failure = undefined;
    try {
      const [from, to] = await Promise.all([
        this.app.bridge.imageLayers(this.image),
        this.app.bridge.imageLayers(other),
      ]);
      this.#layers = [from, to];
      this.changes = compareImages(from, to);
    } catch (error) {
      this.failure = errorText(error);
    }
  }

  async #show(path: string): Promise<void> {
    const read = async (image: string, layers: readonly LayerContents[]): Promise<string | undefined> => {
      const placed = finalFiles(layers).get(path);
      if (placed === undefined || placed.file.type !== "file") return "";
      const bytes = await this.app.bridge.layerFile(image, placed.layer, path);
      return bytes.subarray(0, 4096).includes(0) || bytes.length > 512 * 1024
        ? undefined
        : new TextDecoder().decode(bytes);
    };
    try {
      const [{ diffLines }, before, after] = await Promise.all([
        import("diff"),
        read(this.image, this.#layers[0]),
        read(this.other ?? "", this.#layers[1]),
      ]);
      const lines =
        before === undefined || after === undefined
          ? undefined
          : diffLines(before, after).flatMap(({ added, removed, value }): DiffLine[] =>
              value
                .replace(/\n$/, "")
                .split("\n")
                .map((text) => ({ sign: added ? "+" : removed ? "-" : " ", text })),
            );
      this.lines = { path, lines };
    } catch (error) {
      this.app.toast({ kind: "bad", text: `/${path}: ${errorText(error)}` });
    }
  }

  protected override render(): TemplateResult {
    const others = imageRows(this.#images.value ?? []).filter(({ reference }) => reference !== this.image);
    return html`
      <div class="toolbar">
        <span>${this.image} against</span>
        <select class="input" style="width: 240px" aria-label="The other image" @change=${(event: Event) => void this.#compare((event.target as HTMLSelectElement).value)}>
          <option value="" disabled ?selected=${this.other === undefined}>Choose an image</option>
          ${others.map(({ reference }) => html`<option ?selected=${reference === this.other}>${reference}</option>`)}
        </select>
        <span class="spacer"></span>
        ${this.changes === undefined ? nothing : this.#counts(this.changes)}
      </div>
      ${this.failure === undefined ? nothing : html`<div class="pad"><div class="note bad">${icon("warn")}<p>${this.failure}</p></div></div>`}
      ${
        this.changes === undefined
          ? html`<div class="empty"><p>${this.other === undefined ? "Choose an image to see which files differ." : "Reading both images."}</p></div>`
          : this.changes.length === 0
            ? html`<div class="empty"><p>Both images hold the same files.</p></div>`
            : html`<div class="splitview">
                <div><dd-file-tree .files=${this.changes} plain label="Files that differ" @open-file=${(event: CustomEvent<string>) => void this.#show(event.detail)} style="display: contents"></dd-file-tree></div>
                <div>${this.lines === undefined ? html`<div class="empty"><p>Choose a file to see its lines.</p></div>` : this.#lines(this.lines.path, this.lines.lines)}</div>
              </div>`
      }`;
  }

  #counts(changes: readonly LayerFile[]): TemplateResult {
    const of = (change: LayerFile["change"]): readonly LayerFile[] => changes.filter((each) => each.change === change);
    const size = (files: readonly LayerFile[]): string => humanSize(files.reduce((sum, file) => sum + file.size, 0));
    return html`<span class="badge ok">${of("added").length} added, ${size(of("added"))}</span><span class="badge warn">${of("changed").length} changed</span><span class="badge bad">${of("removed").length} removed, ${size(of("removed"))}</span>`;
  }

  #lines(path: string, lines: readonly DiffLine[] | undefined): TemplateResult {
    return html`<div class="toolbar"><code class="s clip grow">/${path}</code></div>
      ${
        lines === undefined
          ? html`<div class="empty"><p>Not text, or too large to show line by line.</p></div>`
          : html`<pre class="scroll diff" tabindex="0" aria-label="Changed lines of /${path}">${lines.map(({ sign, text }) => html`<div class=${sign === "+" ? "plus" : sign === "-" ? "minus" : ""}>${sign} ${text}</div>`)}</pre>`
      }`;
  }
}
customElements.define("dd-compare", Compare);
