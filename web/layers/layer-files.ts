import { html, nothing, type TemplateResult } from "lit";
import type { LayerContents } from "../../worker/protocol/index.ts";
import { errorText } from "../engine/engine.ts";
import { humanSize } from "../engine/format.ts";
import { saveFile } from "../files/save-file.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import "./file-tree.ts";

/** The files of one layer, and the chosen one's text below. */
export class LayerFiles extends LightElement {
  static override properties = { image: {}, layer: { attribute: false }, text: { state: true } };
  declare image: string;
  declare layer: LayerContents;
  declare text: { readonly path: string; readonly bytes: Uint8Array } | undefined;

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("layer")) this.text = undefined;
  }

  protected override render(): TemplateResult {
    return html`<dd-file-tree .files=${this.layer.files} label="Files in this layer" style="display: contents" @open-file=${(event: CustomEvent<string>) => void this.#read(event.detail)}></dd-file-tree>
      ${this.text === undefined ? nothing : this.#textView(this.text.path, this.text.bytes)}`;
  }

  async #read(path: string): Promise<void> {
    const removed = this.layer.files.some((file) => file.path === path && file.change === "removed");
    if (removed) return;
    try {
      this.text = { path, bytes: await this.app.bridge.layerFile(this.image, this.layer.index, path) };
    } catch (error) {
      this.app.toast({ kind: "bad", text: `/${path}: ${errorText(error)}` });
    }
  }

  #textView(path: string, bytes: Uint8Array): TemplateResult {
    const binary = bytes.subarray(0, 4096).includes(0);
    return html`<section class="filetext" aria-label="Contents of /${path}">
      <div class="toolbar"><code class="s clip grow">/${path}</code><span class="sub num">${humanSize(bytes.length)}</span>
        <button class="ib s" aria-label="Save" title="Save" @click=${() => saveFile(path.slice(path.lastIndexOf("/") + 1), new Blob([bytes as Uint8Array<ArrayBuffer>]))}>${icon("download")}</button>
        <button class="ib s" aria-label="Close" title="Close" @click=${() => {
          this.text = undefined;
        }}>${icon("close")}</button></div>
      ${binary ? html`<div class="empty"><p>Not text. It can be saved.</p></div>` : html`<pre class="scroll pad" tabindex="0">${new TextDecoder().decode(bytes.subarray(0, 256 * 1024))}</pre>`}
    </section>`;
  }
}
customElements.define("dd-layer-files", LayerFiles);
