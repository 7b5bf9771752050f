import { html, nothing, type TemplateResult } from "lit";
import { errorText } from "../engine/engine.ts";
import { publishedPorts } from "../engine/format.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { tabKeys } from "../shell/roving.ts";
import { StoreController } from "../state/store.ts";
import { type LoadedPage, loadPage, localPath } from "./sandboxed.ts";

/** Published ports as tabs, each with an address bar and the page that the container serves. */
export class Preview extends LightElement {
  static override properties = {
    page: { state: true },
    failure: { state: true },
    loading: { state: true },
  };
  declare page: LoadedPage | undefined;
  declare failure: string | undefined;
  declare loading: boolean;
  readonly #port = new StoreController(
    this,
    () => this.app.store,
    (state) => state.preview,
  );
  readonly #containers = new StoreController(
    this,
    () => this.app.store,
    (state) => state.containers,
  );
  #shown: number | undefined;
  #history: string[] = [];

  constructor() {
    super();
    this.loading = false;
  }

  protected override updated(): void {
    const port = this.#port.value;
    if (port === this.#shown || port === undefined) return;
    this.#shown = port;
    this.#history = [];
    void this.#go("/");
  }

  async #go(path: string, remember = true): Promise<void> {
    const port = this.#port.value;
    if (port === undefined) return;
    this.loading = true;
    try {
      const page = await loadPage(this.app, port, path);
      if (port !== this.#port.value) return;
      this.page = page;
      if (remember) this.#history.push(page.path);
      this.failure = undefined;
    } catch (error) {
      this.failure = errorText(error);
    } finally {
      this.loading = false;
    }
  }

  protected override render(): TemplateResult {
    const port = this.#port.value ?? 0;
    const ports = publishedPorts(this.#containers.value ?? []);
    const listed = ports.some((each) => each.port === port) ? ports : [{ port }, ...ports];
    return html`
      <div class="tabs">
        <div class="tablist" role="tablist" aria-label="Previews" @keydown=${tabKeys}>
          ${listed.map((each) => html`<button class="tab" role="tab" aria-selected=${each.port === port} tabindex=${each.port === port ? 0 : -1} @click=${() => this.app.store.set({ preview: each.port })}>${icon("ports")}Preview ${each.port}</button>`)}
        </div>
        <span class="end"><button class="ib s" aria-label="Close the preview" title="Close the preview" @click=${() => this.app.store.set({ preview: undefined })}>${icon("close")}</button></span>
      </div>
      <form class="addr" @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        const typed = new FormData(event.currentTarget as HTMLFormElement).get("path");
        void this.#go(localPath(String(typed).replace(/^localhost:\d+/, "") || "/", "/", port) ?? "/");
      }}>
        <button type="button" class="ib s" aria-label="Back" title="Back" ?disabled=${this.#history.length < 2} @click=${() => {
          this.#history.pop();
          void this.#go(this.#history.at(-1) ?? "/", false);
        }}>${icon("back")}</button>
        <button type="button" class="ib s" aria-label="Reload" title="Reload" @click=${() => void this.#go(this.page?.path ?? "/", false)}>${icon("reload")}</button>
        <input class="u" name="path" aria-label="Address" spellcheck="false" autocomplete="off" .value=${`localhost:${port}${this.page?.path ?? "/"}`} />
      </form>
      ${
        this.failure !== undefined
          ? html`<div class="empty"><p>Port ${port} does not answer: ${this.failure}</p><button class="btn" @click=${() => void this.#go(this.page?.path ?? "/", false)}>${icon("retry")}Try again</button></div>`
          : this.page === undefined
            ? html`<div class="empty"><p>${this.loading ? "Asking the container." : ""}</p></div>`
            : html`<iframe class="previewframe" title="Preview of port ${port}" sandbox="" .srcdoc=${this.page.document}></iframe>
                ${this.page.status >= 400 ? html`<p class="sub pad" style="padding-block: 6px">The server answered with status ${this.page.status}.</p>` : nothing}`
      }`;
  }
}
customElements.define("dd-preview", Preview);
