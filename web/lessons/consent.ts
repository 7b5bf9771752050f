import { html, nothing, type TemplateResult } from "lit";
import { imagesOf, linesOf, type Recipe } from "../../lessons/link/index.ts";
import { spacedSize } from "../engine/format.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { StoreController } from "../state/store.ts";
import { type Download, downloadsOf, sizeOf, totalOf } from "./downloads.ts";
import { type Opened, openSource } from "./open-source.ts";
import { playRecipe } from "./play-recipe.ts";
import "../styles/lessons.css";

/** A link shows what it would do. Nothing is written and nothing runs before a person agrees. */
export class Consent extends LightElement {
  readonly #route = new StoreController(
    this,
    () => this.app.store,
    (state) => state.route,
  );
  #fragment: string | undefined;
  #answer: Opened | undefined;
  #downloads: readonly Download[] | undefined;

  protected override willUpdate(): void {
    const route = this.#route.value;
    if (route.view !== "link" || route.fragment === this.#fragment) return;
    this.#fragment = route.fragment;
    this.#answer = undefined;
    this.#downloads = undefined;
    void this.#read(route.fragment);
  }

  async #read(fragment: string): Promise<void> {
    const answer = await openSource(fragment);
    if (this.#fragment !== fragment) return;
    this.#answer = answer;
    this.requestUpdate();
    if (!answer.ok) return;
    // What came from elsewhere could be read: the machine starts that it would run on, as for a link that has all in itself.
    void this.app.startMachine({ engineAtOnce: true });
    const present = (this.app.store.state.images ?? []).flatMap(({ RepoTags }) => RepoTags ?? []);
    const downloads = await downloadsOf(imagesOf(answer.recipe), present);
    if (this.#fragment !== fragment) return;
    this.#downloads = downloads;
    this.requestUpdate();
  }

  protected override render(): TemplateResult {
    const answer = this.#answer;
    if (answer === undefined) return html`<div class="empty"><p>Reading what is to be opened…</p></div>`;
    if (!answer.ok)
      return html`<div class="empty"><h1>This cannot be opened</h1><p>${answer.message}</p>
        <a class="btn go big" href="#/playground">Go to the playground</a></div>`;
    const { recipe, from, skipped } = answer;
    const { title, files } = recipe;
    const lines = linesOf(recipe);
    return html`<div class="home scroll"><article class="card consent">
      <div><h1>Open ${title === undefined ? "this playground" : html`“${title}”`}?</h1><p class="sub">From ${from}. Nothing has run yet.</p></div>
      ${section(
        counted(files.length, "file"),
        files.map(
          (file) =>
            html`<code>${file.path}</code> <span class="sub num">${spacedSize(bytesOf(file))}${file.mode === undefined ? "" : `, mode ${file.mode.toString(8).padStart(4, "0")}`}</span>`,
        ),
      )}
      ${section(
        `${counted(lines.length, "command")}, in your machine only`,
        lines.map((line) => html`<code>${line}</code>`),
      )}
      ${this.#images()}
      ${section(
        "Left out",
        skipped.map((sentence) => html`${sentence}`),
      )}
      ${files.length === 0 ? nothing : html`<p class="sub">Files of the same names in your workspace are replaced.</p>`}
      <div class="row wrap">
        <button class="btn" ?disabled=${files.length === 0} title=${files.length === 0 ? "There are no files to look at" : "Puts the files into the workspace and runs nothing"} @click=${() => void playRecipe(this.app, recipe, { run: false })}>Look only</button>
        <span class="grow"></span>
        <a class="btn" href="#/">Cancel</a>
        <button class="btn go" ?disabled=${lines.length === 0} @click=${() => void playRecipe(this.app, recipe, { run: true })}>${icon("play")}Open and run</button>
      </div>
    </article></div>`;
  }

  #images(): TemplateResult | typeof nothing {
    const downloads = this.#downloads;
    if (downloads === undefined || downloads.length === 0) return nothing;
    return section(
      `${counted(downloads.length, "image")}, ${totalOf(downloads)}`,
      downloads.map((download) => html`<code>${download.ref}</code> <span class="sub num">${sizeOf(download)}</span>`),
    );
  }
}
customElements.define("dd-consent", Consent);

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

function bytesOf({ text, base64 }: Recipe["files"][number]): number {
  if (text !== undefined) return new TextEncoder().encode(text).length;
  return Math.floor(((base64 ?? "").replaceAll("=", "").length * 3) / 4);
}

function section(title: string, items: readonly TemplateResult[]): TemplateResult | typeof nothing {
  if (items.length === 0) return nothing;
  return html`<section class="stack" style="gap: 6px"><h2>${title}</h2>
    <ul class="plain-list">${items.map((item) => html`<li>${item}</li>`)}</ul></section>`;
}
