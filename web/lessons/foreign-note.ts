import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { Lesson } from "../../lessons/format/lesson.ts";
import { spacedSize } from "../engine/format.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { type Download, downloadsOf } from "./downloads.ts";

/** Somebody else's lesson says what it would write, fetch and run, before it does. */
export class ForeignNote extends LightElement {
  static override properties = { lesson: {}, from: {}, downloads: { state: true } };
  declare lesson: Lesson;
  declare from: string;
  declare downloads: readonly Download[];

  constructor() {
    super();
    this.downloads = [];
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("lesson")) void this.#ask();
  }

  get #images(): readonly string[] {
    return [...new Set(this.lesson.steps.flatMap(({ start }) => start?.images ?? []))];
  }

  async #ask(): Promise<void> {
    const present = (this.app.store.state.images ?? []).flatMap(({ RepoTags }) => RepoTags ?? []);
    this.downloads = await downloadsOf(this.#images, present);
  }

  protected override render(): TemplateResult {
    const starts = this.lesson.steps.map(({ start }) => start);
    return html`<div class="note">${icon("warn")}<div><p>This lesson comes from ${this.from}. It runs in your machine only. To set its stage:</p>
      ${list("It writes files", [...new Set(starts.flatMap((start) => Object.keys(start?.files ?? {})))])}
      ${list(
        "It fetches images",
        this.#images.map((image) => `${image}${this.#size(image)}`),
      )}
      ${list(
        "It runs",
        starts.flatMap((start) => start?.run ?? []),
      )}
      <p>Its solution runs only when you ask for it.</p></div></div>`;
  }

  /** As far as this site knows it. */
  #size(image: string): string {
    const size = this.downloads.find(({ ref }) => ref === image)?.size;
    if (size === "here") return " (is here already)";
    return size === undefined ? "" : ` (${spacedSize(size)})`;
  }
}
customElements.define("dd-foreign-note", ForeignNote);

const list = (title: string, items: readonly string[]): TemplateResult | typeof nothing =>
  items.length === 0
    ? nothing
    : html`<p>${title}</p><ul>${items.map((item) => html`<li><code>${item}</code></li>`)}</ul>`;
