import { html, nothing, type TemplateResult } from "lit";
import type { BrowsePlace, FileEntry } from "../../worker/protocol/index.ts";
import { errorText } from "../engine/engine.ts";
import { humanSize, shellQuote } from "../engine/format.ts";
import { saveFile } from "../files/save-file.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { announce } from "../shell/live-region.ts";

/** Files shown as text up to this size; larger ones can be saved. */
const shownBytes = 256 * 1024;

/** Directories of a container or a volume, one at a time, with a file's text beside them. */
export class FileBrowser extends LightElement {
  static override properties = {
    place: { attribute: false },
    start: {},
    at: { state: true },
    entries: { state: true },
    failure: { state: true },
    file: { state: true },
  };
  declare place: BrowsePlace;
  declare start: string;
  declare at: string;
  declare entries: readonly FileEntry[] | undefined;
  declare failure: string | undefined;
  declare file: { readonly path: string; readonly bytes: Uint8Array } | undefined;
  #shown = "";

  constructor() {
    super();
    this.start = "/";
    this.at = "/";
  }

  protected override updated(): void {
    const wanted = JSON.stringify(this.place);
    if (wanted === this.#shown) return;
    this.#shown = wanted;
    void this.#go(this.start);
  }

  async #go(path: string): Promise<void> {
    try {
      const entries = await this.app.bridge.browse(this.place, path);
      const kind = (entry: FileEntry): number => (entry.type === "directory" ? 0 : 1);
      this.entries = [...entries].sort((a, b) => kind(a) - kind(b) || a.name.localeCompare(b.name));
      this.at = path;
      this.file = undefined;
      this.failure = undefined;
    } catch (error) {
      this.failure = errorText(error);
    }
  }

  async #read(name: string): Promise<void> {
    const path = join(this.at, name);
    try {
      this.file = { path, bytes: await this.app.bridge.browseRead(this.place, path) };
    } catch (error) {
      this.app.toast({ kind: "bad", text: `${path}: ${errorText(error)}` });
    }
  }

  readonly #upload = async (event: Event): Promise<void> => {
    const input = event.target as HTMLInputElement;
    const files = [...(input.files ?? [])];
    input.value = "";
    await this.#take(files);
  };

  async #take(files: readonly File[]): Promise<void> {
    for (const file of files) {
      const path = join(this.at, file.name);
      const written = await this.app.perform({
        line: this.#copyLine(file.name, path),
        run: () => this.app.bridge.browseWrite(this.place, path, file.stream()),
      });
      if (written) announce(`${file.name} is in ${this.at}.`);
    }
    await this.#go(this.at);
  }

  async #download(): Promise<void> {
    const { downloadPlace } = await import("../files/zip.ts");
    const { place, at } = this;
    const owner = place.kind === "volume" ? place.name : this.app.nameOf(place.id);
    await downloadPlace(this.app, place, at, [owner, ...at.split("/").filter((step) => step !== "")].join("-"));
  }

  readonly #drop = (event: DragEvent): void => {
    event.preventDefault();
    void this.#take([...(event.dataTransfer?.files ?? [])]);
  };

  /** Docker copies into containers; into a volume a container takes it. */
  #copyLine(name: string, path: string): string {
    const { place } = this;
    return place.kind === "container"
      ? `docker cp ${shellQuote(name)} ${shellQuote(`${this.app.nameOf(place.id)}:${path}`)}`
      : `docker run --rm -i -v ${shellQuote(`${place.name}:/volume`)} busybox tee ${shellQuote(`/volume${path}`)} < ${shellQuote(name)}`;
  }

  protected override render(): TemplateResult {
    const steps = this.at.split("/").filter((step) => step !== "");
    return html`
      <div class="toolbar">
        <nav class="row mono s" aria-label="Path" style="gap: 2px">
          <button class="btn s" @click=${() => void this.#go("/")}>/</button>
          ${steps.map((step, index) => html`<button class="btn s" @click=${() => void this.#go(`/${steps.slice(0, index + 1).join("/")}`)}>${step}</button>`)}
        </nav>
        <span class="spacer"></span>
        <button class="btn s" @click=${() => void this.#download()}>${icon("download")}Zip</button>
        <label class="btn s filebutton">${icon("upload")}Upload<input type="file" multiple class="vh" @change=${this.#upload} /></label>
        <button class="btn s" @click=${() => void this.#go(this.at)}>${icon("reload")}Read again</button>
      </div>
      ${this.failure === undefined ? nothing : html`<div class="pad"><div class="note warn">${icon("warn")}<p>${this.failure}</p></div></div>`}
      <div class="splitview" @dragover=${(event: DragEvent) => event.preventDefault()} @drop=${this.#drop}>
        <div><ul class="scroll tree" tabindex="0" aria-label="Files in ${this.at}">
          ${(this.entries ?? []).map(
            (
              entry,
            ) => html`<li><button class="fileline" @click=${() => void (entry.type === "directory" ? this.#go(join(this.at, entry.name)) : this.#read(entry.name))}>
            ${icon(entry.type === "directory" ? "folder" : "file")}<span class="clip grow">${entry.name}</span><span class="sub num">${entry.type === "directory" ? "" : entry.type === "symlink" ? "link" : humanSize(entry.size)}</span>
          </button></li>`,
          )}
        </ul></div>
        <div>${this.file === undefined ? html`<div class="empty"><p>Choose a file to read it.</p></div>` : this.#fileView(this.file.path, this.file.bytes)}</div>
      </div>`;
  }

  #fileView(path: string, bytes: Uint8Array): TemplateResult {
    const binary = bytes.subarray(0, 4096).includes(0);
    return html`<div class="toolbar"><code class="s clip grow">${path}</code><span class="sub num">${humanSize(bytes.length)}</span>
        <button class="ib s" aria-label="Save ${path}" title="Save" @click=${() => saveFile(path.slice(path.lastIndexOf("/") + 1), new Blob([bytes as Uint8Array<ArrayBuffer>]))}>${icon("download")}</button></div>
      ${binary ? html`<div class="empty"><p>Not text. It can be saved.</p></div>` : html`<pre class="scroll pad" tabindex="0" aria-label="Contents of ${path}">${new TextDecoder().decode(bytes.subarray(0, shownBytes))}</pre>`}`;
  }
}
customElements.define("dd-file-browser", FileBrowser);

const join = (directory: string, name: string): string => `${directory === "/" ? "" : directory}/${name}`;
