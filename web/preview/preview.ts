import { html, nothing, type TemplateResult } from "lit";
import { errorText } from "../engine/engine.ts";
import { publishedPorts } from "../engine/format.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { tabKeys } from "../shell/roving.ts";
import { StoreController } from "../state/store.ts";
import { FramedPreview } from "./framed.ts";
import { type PreviewHost, previewHost, previewId, tabName } from "./origin.ts";
import { type LoadedPage, loadPage, localPath } from "./sandboxed.ts";

/** Published ports as tabs, each with an address bar and the page that the container serves. */
export class Preview extends LightElement {
  static override properties = { page: { state: true }, failure: { state: true }, loading: { state: true } };
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
  readonly #frames = new Map<number, FramedPreview>();
  #shown: string | undefined;
  #history: string[] = [];

  constructor() {
    super();
    this.loading = false;
  }

  override disconnectedCallback(): void {
    this.#disposeFrames();
    this.#shown = undefined;
    super.disconnectedCallback();
  }

  #disposeFrames(): void {
    for (const frame of this.#frames.values()) frame.dispose();
    this.#frames.clear();
  }

  /** A frame at an origin of its own where there is one; `undefined` for the sandboxed view. */
  #frame(port: number): FramedPreview | undefined {
    const existing = this.#frames.get(port);
    if (existing !== undefined) return existing.unavailable ? undefined : existing;
    const pattern = document.querySelector<HTMLMetaElement>('meta[name="drydock-preview-host"]')?.content;
    let host: PreviewHost | undefined;
    let id = "";
    try {
      id = previewId(port, tabName(sessionStorage));
      host = previewHost(location, id, pattern);
    } catch {
      // Without session storage there is no name for this tab.
    }
    if (host === undefined) return undefined;
    if (host.shared) this.#disposeFrames();
    const name = { id: host.shared ? secretName(`${this.app.options.playground ?? ""} ${id}`) : id, port };
    const frame = new FramedPreview(this.app, name, host.origin, () => this.requestUpdate());
    this.#frames.set(port, frame);
    return frame;
  }

  protected override updated(): void {
    const port = this.#port.value;
    if (port === undefined) return;
    const frame = this.#frame(port);
    const holder = this.querySelector(".previewframes");
    if (frame !== undefined && holder !== null && frame.frame.parentElement !== holder) holder.append(frame.frame);
    for (const [each, { frame: element, unavailable }] of this.#frames) element.hidden = each !== port || unavailable;
    const shown = `${port} ${frame === undefined ? "sandboxed" : "framed"}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#history = [];
    this.page = undefined;
    this.failure = undefined;
    if (frame === undefined) void this.#load("/");
  }

  async #load(path: string, remember = true): Promise<void> {
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

  #go(path: string): void {
    const frame = this.#frame(this.#port.value ?? 0);
    if (frame === undefined) void this.#load(path);
    else frame.go({ path });
  }

  #step(step: "back" | "forward" | "reload"): void {
    const frame = this.#frame(this.#port.value ?? 0);
    if (frame !== undefined) frame.go({ step });
    else if (step === "reload") void this.#load(this.page?.path ?? "/", false);
    else {
      this.#history.pop();
      void this.#load(this.#history.at(-1) ?? "/", false);
    }
  }

  #closePreview(): void {
    this.app.store.set({ preview: undefined });
  }

  protected override render(): TemplateResult {
    const port = this.#port.value ?? 0;
    const ports = publishedPorts(this.#containers.value ?? []);
    const listed = ports.some((each) => each.port === port) ? ports : [{ port }, ...ports];
    const opened = this.#frames.get(port);
    const frame = opened?.unavailable === true ? undefined : opened;
    const path = frame?.path ?? this.page?.path ?? "/";
    return html`
      <div class="tabs">
        <div class="tablist" role="tablist" aria-label="Previews" @keydown=${tabKeys}>
          ${listed.map((each) => html`<button class="tab" role="tab" aria-selected=${each.port === port} tabindex=${each.port === port ? 0 : -1} @click=${() => this.app.store.set({ preview: each.port })}>${icon("ports")}Preview ${each.port}</button>`)}
        </div>
        <span class="end">
          ${opened === undefined ? nothing : html`<button class="ib s" aria-label="Open in a window" title="Open in a window" @click=${() => opened.openWindow()}>${icon("out")}</button>`}
          <button class="ib s" aria-label="Close the preview" title="Close the preview" @click=${() => this.#closePreview()}>${icon("close")}</button>
        </span>
      </div>
      <form class="addr" @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        const typed = new FormData(event.currentTarget as HTMLFormElement).get("path");
        this.#go(localPath(String(typed).replace(/^localhost:\d+/, "") || "/", "/", port) ?? "/");
      }}>
        <button type="button" class="ib s" aria-label="Back" title="Back" ?disabled=${frame === undefined && this.#history.length < 2} @click=${() => this.#step("back")}>${icon("back")}</button>
        <button type="button" class="ib s" aria-label="Forward" title="Forward" ?disabled=${frame === undefined} @click=${() => this.#step("forward")}>${icon("forward")}</button>
        <button type="button" class="ib s" aria-label="Reload" title="Reload" @click=${() => this.#step("reload")}>${icon("reload")}</button>
        <input class="u" name="path" aria-label="Address" spellcheck="false" autocomplete="off" .value=${`localhost:${port}${path}`} />
      </form>
      <div class="previewframes" ?hidden=${frame === undefined && port !== 0 && this.#shown !== undefined}></div>
      ${frame === undefined && this.#shown !== undefined ? this.#sandboxed(port) : nothing}`;
  }

  #sandboxed(port: number): TemplateResult {
    if (this.failure !== undefined)
      return html`<div class="empty"><p>Port ${port} does not answer: ${this.failure}</p><button class="btn" @click=${() => this.#step("reload")}>${icon("retry")}Try again</button></div>`;
    if (this.page === undefined)
      return html`<div class="empty"><p>${this.loading ? "Asking the container." : ""}</p></div>`;
    return html`<iframe class="previewframe" title="Preview of port ${port}" sandbox="" .srcdoc=${this.page.document}></iframe>
      <p class="sub notice">Shown without scripts and storage: ${this.#frames.has(port) ? "the browser blocks storage of other sites here. Opened in a window, it has both." : "this site has no separate address for previews."}${this.page.status >= 400 ? ` The server answered with status ${this.page.status}.` : ""}</p>`;
  }
}
/** On a shared host a page could leave storage for another preview, if it could tell that one's name beforehand. */
function secretName(preview: string): string {
  const key = `drydock.preview ${preview}`;
  const name = sessionStorage.getItem(key) ?? crypto.randomUUID();
  sessionStorage.setItem(key, name);
  return name;
}
customElements.define("dd-preview", Preview);
