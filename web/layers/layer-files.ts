import { html, nothing, type TemplateResult } from "lit";
import type { LayerContents } from "../../worker/protocol/index.ts";
import { errorText } from "../engine/engine.ts";
import { humanSize } from "../engine/format.ts";
import { saveFile } from "../panels/logs.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { moveInTree } from "../shell/tree-keys.ts";
import { type TreeNode, treeOf } from "./layer-model.ts";

const marks = { added: ["+", "add"], changed: ["~", "chg"], removed: ["-", "del"] } as const;
/** A filter opens everything that matches, up to this many. */
const openedByFilter = 400;

/** The files of one layer as a tree, and the chosen one's text below. */
export class LayerFiles extends LightElement {
  static override properties = {
    image: {},
    layer: { attribute: false },
    query: { state: true },
    open: { state: true },
    chosen: { state: true },
    text: { state: true },
  };
  declare image: string;
  declare layer: LayerContents;
  declare query: string;
  declare open: ReadonlySet<string>;
  declare chosen: string | undefined;
  declare text: { readonly path: string; readonly bytes: Uint8Array } | undefined;

  constructor() {
    super();
    this.query = "";
    this.open = new Set();
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has("layer")) return;
    this.chosen = undefined;
    this.text = undefined;
    this.open = new Set(initiallyOpen(treeOf(this.layer.files), this.layer.files.length));
  }

  protected override render(): TemplateResult {
    const { files } = this.layer;
    const count = (change: string): number => files.filter((file) => file.change === change).length;
    const tree = treeOf(files, this.query);
    return html`
      <div class="toolbar">
        <input class="input" type="search" aria-label="Filter files" placeholder="Filter" .value=${this.query} @input=${(
          event: Event,
        ) => {
          this.query = (event.target as HTMLInputElement).value;
        }} />
        <span class="sub num">${files.length} files in this layer</span><span class="spacer"></span>
        <span class="badge ok">${count("added")} added</span><span class="badge warn">${count("changed")} changed</span><span class="badge bad">${count("removed")} removed</span>
      </div>
      <div class="scroll tree" role="tree" aria-label="Files in this layer" @keydown=${this.#keys}>
        ${tree.map((node, index) => this.#node(node, 0, index === 0))}
      </div>
      ${this.text === undefined ? nothing : this.#textView(this.text.path, this.text.bytes)}`;
  }

  #node(node: TreeNode, depth: number, first: boolean): TemplateResult {
    const branch = node.children.length > 0;
    const open =
      branch && (this.open.has(node.path) || (this.query !== "" && this.layer.files.length < openedByFilter));
    const mark =
      node.file === undefined || (branch && node.file.change === "changed") ? undefined : marks[node.file.change];
    const selected = this.chosen === node.path;
    return html`<div role="treeitem" data-path=${node.path} aria-level=${depth + 1} aria-expanded=${branch ? open : nothing} aria-selected=${selected} tabindex=${selected || (this.chosen === undefined && first) ? 0 : -1}
        style="padding-left: ${12 + depth * 16}px" @click=${() => this.#click(node)}>
        ${branch ? icon(open ? "down" : "right") : html`<span class="i"></span>`}
        <span class=${mark?.[1] ?? ""}>${mark === undefined ? "" : `${mark[0]} `}${node.name}</span>
        ${node.file === undefined || node.file.type !== "file" ? nothing : html`<span class="sub num">${humanSize(node.file.size)}</span>`}
        ${mark === undefined ? nothing : html`<span class="vh">${node.file?.change}</span>`}
      </div>
      ${open ? html`<div role="group">${node.children.map((child) => this.#node(child, depth + 1, false))}</div>` : nothing}`;
  }

  #click(node: TreeNode): void {
    this.chosen = node.path;
    if (node.children.length > 0) this.#toggle(node.path, !this.open.has(node.path));
    else if (node.file?.type === "file" && node.file.change !== "removed") void this.#read(node.path);
  }

  #toggle(path: string, open: boolean): void {
    const next = new Set(this.open);
    if (open) next.add(path);
    else next.delete(path);
    this.open = next;
  }

  async #read(path: string): Promise<void> {
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

  readonly #keys = (event: KeyboardEvent): void =>
    moveInTree(event, {
      select: (item) => {
        this.chosen = item.dataset.path;
      },
      toggle: (item, open) => this.#toggle(item.dataset.path ?? "", open),
      open: (item) => item.click(),
    });
}
customElements.define("dd-layer-files", LayerFiles);

/** A small layer stands open; of a large one the first level, and on as long as there is only one way down. */
function initiallyOpen(nodes: readonly TreeNode[], files: number): readonly string[] {
  return nodes
    .filter(({ children }) => children.length > 0)
    .flatMap((node) => [
      node.path,
      ...(files <= 60 || node.children.length === 1 ? initiallyOpen(node.children, files) : []),
    ]);
}
