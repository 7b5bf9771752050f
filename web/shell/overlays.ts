import { html, type TemplateResult } from "lit";
import { StoreController } from "../state/store.ts";
import { icon } from "./icons.ts";
import { LightElement } from "./light-element.ts";
import { shortcuts } from "./shortcuts.ts";

/** Notices, the keys' sheet and the palette. */
export class Overlays extends LightElement {
  readonly #toasts = new StoreController(
    this,
    () => this.app.store,
    (state) => state.toasts,
  );

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("open-palette", this.#openPalette);
    addEventListener("open-keys", this.#openKeys);
  }
  override disconnectedCallback(): void {
    removeEventListener("open-palette", this.#openPalette);
    removeEventListener("open-keys", this.#openKeys);
    super.disconnectedCallback();
  }

  readonly #openPalette = (): void => void import("./palette.ts").then(({ openPalette }) => openPalette(this.app));

  readonly #openKeys = (): void => {
    const dialog = this.querySelector<HTMLDialogElement>("dialog.keys-sheet");
    if (dialog !== null && !dialog.open) dialog.showModal();
  };

  protected override render(): TemplateResult {
    return html`
      <div class="toasts" role="region" aria-label="Notices">
        ${this.#toasts.value.map(
          (toast) => html`<div class="toast ${toast.kind}">
            ${toast.kind === "info" ? icon("check") : icon("warn")}
            <p>${toast.text}</p>
            ${
              toast.action === undefined
                ? ""
                : html`<button class="btn s" @click=${() => {
                    toast.action?.run();
                    this.app.dismiss(toast.id);
                  }}>${toast.action.label}</button>`
            }
            <button class="ib s" aria-label="Dismiss" title="Dismiss" @click=${() => this.app.dismiss(toast.id)}>${icon("close")}</button>
          </div>`,
        )}
      </div>
      <dialog class="keys-sheet" aria-labelledby="keys-title">
        <form method="dialog">
          <div class="dhead"><h2 id="keys-title">Keys</h2><p class="sub">The terminal gets every key but these.</p></div>
          <div class="dbody">
            <dl class="kv">
              ${shortcuts.map(({ keys, what }) => html`<dt>${keys.split(" ").map((key) => html`<kbd>${key}</kbd> `)}</dt><dd>${what}</dd>`)}
            </dl>
            <p class="sub">Ctrl W, Ctrl T and Ctrl N belong to the browser. A terminal closed by Ctrl W loses nothing that ran in containers.</p>
          </div>
          <div class="dfoot"><button class="btn" autofocus>Close</button></div>
        </form>
      </dialog>`;
  }
}
customElements.define("dd-overlays", Overlays);
