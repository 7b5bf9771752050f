import { html, nothing, type TemplateResult } from "lit";
import type { Lesson } from "../../lessons/format/lesson.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";

/** Somebody else's lesson says what it would write and run, before it does. What it fetches any lesson says. */
export class ForeignNote extends LightElement {
  static override properties = { lesson: {}, from: {} };
  declare lesson: Lesson;
  declare from: string;

  protected override render(): TemplateResult {
    const starts = this.lesson.steps.map(({ start }) => start);
    return html`<div class="note">${icon("warn")}<div><p>This lesson comes from ${this.from}. It runs in your machine only. To set its stage:</p>
      ${list("It writes files", [...new Set(starts.flatMap((start) => Object.keys(start?.files ?? {})))])}
      ${list(
        "It runs",
        starts.flatMap((start) => start?.run ?? []),
      )}
      <p>Its solution runs only when you ask for it.</p></div></div>`;
  }
}
customElements.define("dd-foreign-note", ForeignNote);

const list = (title: string, items: readonly string[]): TemplateResult | typeof nothing =>
  items.length === 0
    ? nothing
    : html`<p>${title}</p><ul>${items.map((item) => html`<li><code>${item}</code></li>`)}</ul>`;
