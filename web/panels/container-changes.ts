import { html, nothing, type TemplateResult } from "lit";
import { errorText } from "../engine/engine.ts";
import type { FilesystemChange } from "../engine/types.ts";
import { finalFiles } from "../layers/compare-model.ts";
import { type DiffLine, diffText, diffView } from "../layers/text-diff.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";

const signs = { 0: ["C", "chg", "changed"], 1: ["A", "add", "added"], 2: ["D", "del", "deleted"] } as const;

/** `docker diff`: what the container wrote over its image, and of a file the lines. */
export class ContainerChanges extends LightElement {
  static override properties = {
    container: {},
    image: {},
    label: {},
    changes: { state: true },
    failure: { state: true },
    lines: { state: true },
  };
  declare container: string;
  declare image: string;
  declare label: string;
  declare changes: readonly FilesystemChange[] | undefined;
  declare failure: string | undefined;
  declare lines: { readonly path: string; readonly lines: readonly DiffLine[] | undefined } | undefined;
  #shown: string | undefined;

  protected override updated(): void {
    if (this.#shown === this.container) return;
    this.#shown = this.container;
    void this.#fetch();
  }

  async #fetch(): Promise<void> {
    this.lines = undefined;
    try {
      this.changes =
        (await this.app.engine.get<readonly FilesystemChange[] | null>(`/containers/${this.container}/changes`)) ?? [];
      this.failure = undefined;
    } catch (error) {
      this.failure = errorText(error);
    }
  }

  /** The image's file against the container's; a directory has no lines. */
  async #show({ Path, Kind }: FilesystemChange): Promise<void> {
    const { bridge } = this.app;
    const before = async (): Promise<Uint8Array> => {
      if (Kind === 1) return new Uint8Array(0);
      const placed = finalFiles(await bridge.imageLayers(this.image)).get(Path.slice(1));
      if (placed?.file.type !== "file") return new Uint8Array(0);
      return await bridge.layerFile(this.image, placed.layer, Path.slice(1));
    };
    try {
      const place = { kind: "container", id: this.container } as const;
      const [old, now] = await Promise.all([before(), Kind === 2 ? new Uint8Array(0) : bridge.browseRead(place, Path)]);
      this.lines = { path: Path, lines: await diffText(old, now) };
    } catch (error) {
      this.app.toast({ kind: "info", text: `${Path} has no lines to show: ${errorText(error)}` });
    }
  }

  protected override render(): TemplateResult {
    const { changes = [] } = this;
    return html`<div class="toolbar">
        <code class="s sub">docker diff ${this.label}</code><span class="spacer"></span>
        <button class="btn s" @click=${() => void this.#fetch()}>${icon("reload")}Read again</button>
      </div>
      ${
        this.failure !== undefined
          ? html`<div class="pad"><div class="note bad">${icon("warn")}<p>${this.failure}</p></div></div>`
          : this.changes === undefined
            ? nothing
            : changes.length === 0
              ? html`<div class="empty"><p>${this.label} has written nothing over its image.</p></div>`
              : html`<div class="splitview">
                  <div><ul class="scroll tree" tabindex="0" aria-label="Changed files">
                    ${changes.map((change) => {
                      const [letter, style, word] = signs[change.Kind];
                      return html`<li><button class="fileline ${style}" aria-pressed=${this.lines?.path === change.Path} @click=${() => void this.#show(change)}><span aria-hidden="true">${letter}</span><span class="clip">${change.Path}</span><span class="vh">${word}</span></button></li>`;
                    })}
                  </ul></div>
                  <div>${this.lines === undefined ? html`<div class="empty"><p>Choose a file to see what changed in it.</p></div>` : diffView(this.lines.path, this.lines.lines)}</div>
                </div>`
      }`;
  }
}
customElements.define("dd-container-changes", ContainerChanges);
