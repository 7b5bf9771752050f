import { html, type TemplateResult } from "lit";
import { icon, logo } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import "../styles/embed.css";

/** The head of an embedded playground: what it is, and the way to the whole page. */
export class EmbedBar extends LightElement {
  static override properties = { label: {}, whole: {} };
  declare label: string;
  /** The address without the embedding. */
  declare whole: string;

  protected override render(): TemplateResult {
    return html`<header class="head">
      <span class="brand">${logo}<span class="vh">Drydock</span></span>
      <b class="grow">${this.label}</b>
      <a class="btn s" href=${this.whole} target="_blank" rel="noopener">${icon("out")}Open in Drydock</a>
    </header>`;
  }
}
customElements.define("dd-embed-bar", EmbedBar);

/** What stands there before the start, where the address says that a click starts it. */
export class EmbedCover extends LightElement {
  static override properties = { label: {}, text: {}, button: {} };
  declare label: string;
  declare text: string;
  /** Absent where nothing can be started. */
  declare button: string | undefined;

  protected override render(): TemplateResult {
    return html`<main class="empty"><h1>${this.label}</h1><p>${this.text}</p>
      ${this.button === undefined ? "" : html`<button class="btn go big" @click=${() => this.dispatchEvent(new CustomEvent("begin"))}>${icon("play")}${this.button}</button>`}</main>`;
  }
}
customElements.define("dd-embed-cover", EmbedCover);
