import { html, nothing, type TemplateResult } from "lit";
import { type Recipe, readLink } from "../../lessons/link/index.ts";
import { errorText } from "../engine/engine.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { StoreController } from "../state/store.ts";
import "../styles/lessons.css";

/** A link shows what it would do. Nothing is written and nothing runs before a person agrees. */
export class Consent extends LightElement {
  readonly #route = new StoreController(
    this,
    () => this.app.store,
    (state) => state.route,
  );
  #fragment: string | undefined;
  #answer: Awaited<ReturnType<typeof readLink>> | undefined;

  protected override willUpdate(): void {
    const route = this.#route.value;
    if (route.view !== "link" || route.fragment === this.#fragment) return;
    this.#fragment = route.fragment;
    this.#answer = undefined;
    void readLink(route.fragment).then((answer) => {
      if (this.#fragment !== route.fragment) return;
      this.#answer = answer;
      this.requestUpdate();
    });
  }

  protected override render(): TemplateResult {
    const answer = this.#answer;
    if (answer === undefined) return html`<div class="empty"><p>Reading the link…</p></div>`;
    if (!answer.ok)
      return html`<div class="empty"><h1>This link cannot be opened</h1><p>${answer.message}</p>
        <a class="btn go big" href="#/playground">Go to the playground</a></div>`;
    const { title, files, images, steps } = answer.recipe;
    return html`<div class="home scroll"><article class="card consent">
      <div><h1>Open ${title === undefined ? "this playground" : html`“${title}”`}?</h1><p class="sub">From a link. Nothing has run yet.</p></div>
      ${section(
        "files",
        files.map(
          ({ path, text, base64 }) =>
            html`<code>${path}</code> <span class="sub num">${text === undefined ? Math.floor(((base64?.length ?? 0) * 3) / 4) : new TextEncoder().encode(text).length} B</span>`,
        ),
      )}
      ${section(
        "images",
        images.map(({ ref }) => html`<code>${ref}</code>`),
      )}
      ${section(
        "commands, in your machine",
        steps.map((line) => html`<code>${line}</code>`),
      )}
      <p class="sub">Files of the same names in your workspace are replaced.</p>
      <div class="row wrap">
        <a class="btn" href="#/">Cancel</a>
        <button class="btn" ?disabled=${files.length === 0} @click=${() => void this.#play(answer.recipe, false)}>Look only</button>
        <button class="btn go" @click=${() => void this.#play(answer.recipe, true)}>${icon("play")}Open and run</button>
      </div>
    </article></div>`;
  }

  async #play(recipe: Recipe, run: boolean): Promise<void> {
    this.app.go({ view: "playground" });
    try {
      await this.app.machineRunning();
      for (const { path, text, base64 } of recipe.files)
        await this.app.bridge.writeFile(
          path,
          text === undefined
            ? Uint8Array.from(atob(base64 ?? ""), (each) => each.charCodeAt(0))
            : new TextEncoder().encode(text),
        );
      if (run) for (const line of recipe.steps) await this.app.runInTerminal(line);
    } catch (error) {
      this.app.toast({ kind: "bad", text: `The link could not be opened: ${errorText(error)}` });
    }
  }
}
customElements.define("dd-consent", Consent);

function section(what: string, items: readonly TemplateResult[]): TemplateResult | typeof nothing {
  if (items.length === 0) return nothing;
  return html`<section class="stack" style="gap: 6px"><h2>${items.length} ${items.length === 1 ? what.replace(/s\b/, "") : what}</h2>
    <ul class="plain-list">${items.map((item) => html`<li>${item}</li>`)}</ul></section>`;
}
