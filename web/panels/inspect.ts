import { html, nothing, type TemplateResult } from "lit";
import { errorText } from "../engine/engine.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { moveInTree } from "../shell/tree-keys.ts";

/** Between the keys of a path: keys themselves can hold dots ("com.docker.compose.project"). */
export const separator = "\u001f";

/** An Engine API object as a tree. Of any place one can copy the value, or the path that `docker inspect -f` takes. */
export class Inspect extends LightElement {
  static override properties = {
    path: {},
    command: {},
    /** Fetches again when it changes. */
    revision: {},
    value: { state: true },
    failure: { state: true },
    open: { state: true },
    query: { state: true },
    selected: { state: true },
  };
  declare path: string;
  declare command: string;
  declare revision: string;
  declare value: unknown;
  declare failure: string | undefined;
  declare open: ReadonlySet<string>;
  declare query: string;
  declare selected: string;
  #fetched = "";

  constructor() {
    super();
    this.open = new Set(["State", "Config", "NetworkSettings"].map((key) => separator + key));
    this.query = "";
    this.selected = "";
    this.revision = "";
  }

  protected override updated(): void {
    const wanted = `${this.path} ${this.revision}`;
    if (wanted === this.#fetched) return;
    this.#fetched = wanted;
    void this.#fetch();
  }

  async #fetch(): Promise<void> {
    try {
      this.value = await this.app.engine.get<unknown>(this.path);
      this.failure = undefined;
    } catch (error) {
      this.failure = errorText(error);
    }
  }

  protected override render(): TemplateResult {
    if (this.failure !== undefined)
      return html`<div class="pad"><div class="note bad">${icon("warn")}<p>${this.failure}</p></div></div>`;
    return html`
      <div class="toolbar">
        <input class="input" type="search" aria-label="Filter" placeholder="Filter" .value=${this.query} @input=${(
          event: Event,
        ) => {
          this.query = (event.target as HTMLInputElement).value;
        }} />
        <code class="s sub clip grow">${this.selected === "" ? this.command : inspectFormat(this.command, this.selected)}</code>
        <button class="btn s" ?disabled=${this.selected === ""} @click=${() => void this.app.copy(inspectFormat(this.command, this.selected), "Path")}>${icon("copy")}Copy path</button>
        <button class="btn s" @click=${() => void this.app.copy(JSON.stringify(valueAt(this.value, this.selected), null, 2), "Value")}>${icon("copy")}Copy value</button>
      </div>
      <div class="scroll tree" role="tree" aria-label="Properties" @keydown=${this.#keys}>
        ${this.value === undefined ? nothing : this.#children(this.value, "", 0)}
      </div>`;
  }

  #children(value: unknown, path: string, depth: number): TemplateResult[] {
    return entriesOf(value).map(([key, child]) => this.#node(key, child, path + separator + key, depth));
  }

  #node(key: string, value: unknown, path: string, depth: number): TemplateResult {
    if (this.query !== "" && !contains(key, value, this.query.toLowerCase())) return html``;
    const branch = typeof value === "object" && value !== null && entriesOf(value).length > 0;
    const open = branch && (this.query !== "" || this.open.has(path));
    return html`<div role="treeitem" data-path=${path} aria-level=${depth + 1} aria-expanded=${branch ? open : nothing} aria-selected=${this.selected === path} tabindex=${this.selected === path || (this.selected === "" && depth === 0 && path === firstPath(this.value)) ? 0 : -1}
        style="padding-left: ${12 + depth * 16}px" @click=${() => this.#click(path, branch)}>
        ${branch ? icon(open ? "down" : "right") : html`<span class="i"></span>`}<span>${key}</span>${branch ? html`<span class="sub">${Array.isArray(value) ? `${value.length} items` : ""}</span>` : html`<span class="value">${leaf(value)}</span>`}
      </div>
      ${open ? html`<div role="group">${this.#children(value, path, depth + 1)}</div>` : nothing}`;
  }

  #click(path: string, branch: boolean): void {
    this.selected = path;
    if (branch) this.#toggle(path, !this.open.has(path));
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
        this.selected = item.dataset.path ?? "";
      },
      toggle: (item, open) => this.#toggle(item.dataset.path ?? "", open),
    });
}
customElements.define("dd-inspect", Inspect);

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}

const firstPath = (value: unknown): string => separator + (entriesOf(value)[0]?.[0] ?? "");

function leaf(value: unknown): string {
  if (Array.isArray(value)) return "[]";
  if (typeof value === "object" && value !== null) return "{}";
  return JSON.stringify(value) ?? "null";
}

function contains(key: string, value: unknown, query: string): boolean {
  if (key.toLowerCase().includes(query)) return true;
  if (typeof value !== "object" || value === null) return String(value).toLowerCase().includes(query);
  return entriesOf(value).some(([childKey, child]) => contains(childKey, child, query));
}

function valueAt(value: unknown, path: string): unknown {
  return keysOf(path).reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], value);
}

const keysOf = (path: string): readonly string[] => path.split(separator).slice(1);

/** Go's template syntax: plain names by dots, anything else (digits, dots, dashes) through `index`. */
export function inspectFormat(command: string, path: string): string {
  const keys = keysOf(path);
  const simple = keys.every((key) => /^[A-Za-z_]\w*$/.test(key));
  const template = simple
    ? `{{json .${keys.join(".")}}}`
    : `{{json (index . ${keys.map((key) => (/^\d+$/.test(key) ? key : JSON.stringify(key))).join(" ")})}}`;
  return `${command} -f '${template}'`;
}
