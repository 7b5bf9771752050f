import { html, type TemplateResult } from "lit";
import { errorText } from "../engine/engine.ts";
import type { FilesystemChange } from "../engine/types.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";

const signs = { 0: ["C", "chg", "changed"], 1: ["A", "add", "added"], 2: ["D", "del", "deleted"] } as const;

/** `docker diff`: what the container wrote over its image. */
export class ContainerChanges extends LightElement {
  static override properties = {
    container: {},
    label: {},
    changes: { state: true },
    failure: { state: true },
  };
  declare container: string;
  declare label: string;
  declare changes: readonly FilesystemChange[] | undefined;
  declare failure: string | undefined;
  #shown: string | undefined;

  protected override updated(): void {
    if (this.#shown === this.container) return;
    this.#shown = this.container;
    void this.#fetch();
  }

  async #fetch(): Promise<void> {
    try {
      this.changes =
        (await this.app.engine.get<readonly FilesystemChange[] | null>(`/containers/${this.container}/changes`)) ?? [];
      this.failure = undefined;
    } catch (error) {
      this.failure = errorText(error);
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
          : this.changes !== undefined && changes.length === 0
            ? html`<div class="empty"><p>${this.label} has written nothing over its image.</p></div>`
            : html`<ul class="scroll tree" tabindex="0" aria-label="Changed files">
                ${changes.map(({ Path, Kind }) => {
                  const [letter, style, word] = signs[Kind];
                  return html`<li class="pathline ${style}"><span aria-hidden="true">${letter}</span><span>${Path}</span><span class="vh">${word}</span></li>`;
                })}
              </ul>`
      }`;
  }
}
customElements.define("dd-container-changes", ContainerChanges);
