import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import type { CommandEntry } from "../state/page-state.ts";
import { StoreController } from "../state/store.ts";

/** What the page did, as docker lines: the last one in sight, all of them one click away, each to copy or to run again. */
export class CommandLog extends LightElement {
  readonly #commands = new StoreController(
    this,
    () => this.app.store,
    (state) => state.commands,
  );

  protected override render(): TemplateResult | typeof nothing {
    const commands = this.#commands.value;
    const last = commands.at(-1);
    if (last === undefined) return nothing;
    return html`<div class="lastaction row">
        <span class="sub">Last action</span>
        <code class="grow clip">${last.line}</code>
        ${stateBadge(last)}
        <button class="btn s" @click=${() => this.querySelector("dialog")?.showModal()}>Command log <span class="num sub">${commands.length}</span></button>
        <button class="ib s" aria-label="Copy command" title="Copy command" @click=${() => void this.app.copy(last.line, "Command")}>${icon("copy")}</button>
      </div>
      <dialog aria-labelledby="log-title">
        <form method="dialog">
          <div class="dhead"><h2 id="log-title">Command log</h2><p class="sub">What the buttons of this page did, as you would type it.</p></div>
          <div class="dbody">
            ${[...commands].reverse().map(
              (entry) => html`<div class="fence"><code>${entry.line}</code>${stateBadge(entry)}
                <button type="button" class="ib s" aria-label="Copy ${entry.line}" title="Copy" @click=${() => void this.app.copy(entry.line, "Command")}>${icon("copy")}</button>
                <button class="btn s" aria-label="Run ${entry.line} in the terminal" @click=${() => void this.app.runInTerminal(entry.line)}>${icon("play")}Run</button></div>
                ${entry.message === undefined ? nothing : html`<p class="sub">${entry.message}</p>`}`,
            )}
          </div>
          <div class="dfoot">
            <button type="button" class="btn" @click=${() => void this.app.copy(commands.map(({ line }) => line).join("\n"), "Command log")}>${icon("copy")}Copy all</button>
            <span class="grow"></span>
            <button class="btn" autofocus>Close</button>
          </div>
        </form>
      </dialog>`;
  }
}

function stateBadge(entry: CommandEntry): TemplateResult | typeof nothing {
  switch (entry.state) {
    case "running":
      return html`<span class="badge">running</span>`;
    case "failed":
      return html`<span class="badge bad" title=${entry.message ?? ""}>${icon("warn")}failed</span>`;
    case "done":
      return nothing;
  }
}
customElements.define("dd-command-log", CommandLog);
