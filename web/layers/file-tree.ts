import { html, nothing, type TemplateResult } from "lit";
import type { LayerFile } from "../../worker/protocol/index.ts";
import { humanSize } from "../engine/format.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { moveInTree } from "../shell/tree-keys.ts";
import { type TreeNode, treeOf } from "./layer-model.ts";

const marks = { added: ["+", "add"], changed: ["~", "chg"], removed: ["-", "del"] } as const;
/** A filter opens everything that matches, up to this many. */
const openedByFilter = 400;

/** Files with what has become of them, as a tree with a filter. Tells `open-file` (its path) when one is chosen. */
export class FileTree extends LightElement {
  static override properties = {
    files: { attribute: false },
    label: {},
    /** Without the counts, where they stand elsewhere. */
    plain: { type: Boolean },
    query: { state: true },
    open: { state: true },
    chosen: { state: true },
  };
  declare files: readonly LayerFile[];
  declare label: string;
  declare plain: boolean;
  declare query: string;
  declare open: ReadonlySet<string>;
  declare chosen: string | undefined;

  constructor() {
    super();
    this.files = [];
    this.query = "";
    this.open = new Set();
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has("files")) return;
    this.chosen = undefined;
    this.open = new Set(initiallyOpen(treeOf(this.files), this.files.length));
  }

  protected override render(): TemplateResult {
    const count = (change: string): number => this.files.filter((file) => file.change === change).length;
    const tree = treeOf(this.files, this.query);
    return html`
      <div class="toolbar">
        <input class="input" type="search" aria-label="Filter files" placeholder="Filter" .value=${this.query} @input=${(
          event: Event,
        ) => {
          this.query = (event.target as HTMLInputElement).value;
        }} />
        <span class="sub num">${this.files.length} files</span><span class="spacer"></span>
        ${this.plain ? nothing : html`<span class="badge ok">${count("added")} added</span><span class="badge warn">${count("changed")} changed</span><span class="badge bad">${count("removed")} removed</span>`}
      </div>
      <div class="scroll tree" role="tree" aria-label=${this.label} @keydown=${this.#keys}>
        ${tree.map((node, index) => this.#node(node, 0, index === 0))}
      </div>`;
  }

  #node(node: TreeNode, depth: number, first: boolean): TemplateResult {
    const branch = node.children.length > 0;
    const open = branch && (this.open.has(node.path) || (this.query !== "" && this.files.length < openedByFilter));
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
    else if (node.file?.type === "file") this.dispatchEvent(new CustomEvent("open-file", { detail: node.path }));
  }

  #toggle(path: string, open: boolean): void {
    const next = new Set(this.open);
    if (open) next.add(path);
    else next.delete(path);
    this.open = next;
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
customElements.define("dd-file-tree", FileTree);

/** A small layer stands open; of a large one the first level, and on as long as there is only one way down. */
function initiallyOpen(nodes: readonly TreeNode[], files: number): readonly string[] {
  return nodes
    .filter(({ children }) => children.length > 0)
    .flatMap((node) => [
      node.path,
      ...(files <= 60 || node.children.length === 1 ? initiallyOpen(node.children, files) : []),
    ]);
}
