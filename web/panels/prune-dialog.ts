/** Before a prune: what would go, by name, and the line that it stands for. */
import { html, nothing } from "lit";
import type { App } from "../app.ts";
import { type PruneKind, prune } from "../engine/actions.ts";
import { errorText } from "../engine/engine.ts";
import { humanSize } from "../engine/format.ts";
import type { DiskUsage, Network } from "../engine/types.ts";
import { icon } from "../shell/icons.ts";
import { DrawnDialog } from "./dialog.ts";
import { prunable, withAll } from "./prunable.ts";

const titles: Readonly<Record<PruneKind, string>> = {
  container: "Remove containers that do not run?",
  image: "Remove images that nothing uses?",
  volume: "Remove volumes that nothing uses?",
  network: "Remove networks that nothing uses?",
  builder: "Empty the build cache?",
};

export async function openPrune(app: App, what: PruneKind, done?: () => void): Promise<void> {
  let lists: { readonly usage: DiskUsage; readonly networks: readonly Network[] };
  try {
    const [usage, networks] = await Promise.all([
      app.engine.get<DiskUsage>("/system/df"),
      app.engine.get<readonly Network[]>("/networks"),
    ]);
    lists = { usage, networks };
  } catch (error) {
    app.toast({ kind: "bad", text: errorText(error) });
    return;
  }
  let all = false;
  const dialog: DrawnDialog = new DrawnDialog("prune-title", () => {
    const { names, bytes } = prunable(what, all, lists);
    const action = prune(what, all);
    return html`<form method="dialog" @submit=${(event: SubmitEvent) => {
      if ((event.submitter as HTMLButtonElement | null)?.value === "go") void app.perform(action).then(done);
    }}>
      <div class="dhead"><h2 id="prune-title">${titles[what]}</h2><code class="s sub">${action.line}</code></div>
      <div class="dbody">
        ${
          withAll[what] === undefined
            ? nothing
            : html`<label class="check"><input type="checkbox" .checked=${all} @change=${(event: Event) => {
                all = (event.target as HTMLInputElement).checked;
                dialog.redraw();
              }} />${withAll[what]}</label>`
        }
        ${
          names.length === 0
            ? html`<p>Nothing would go.</p>`
            : html`<p>${names.length === 1 ? "One would go" : `${names.length} would go`}${bytes === undefined ? "" : `, ${humanSize(bytes)}`}:</p>
              <ul class="names mono" tabindex="0" aria-label="What would go">${names.map((name) => html`<li>${name}</li>`)}</ul>`
        }
      </div>
      <div class="dfoot"><button class="btn" type="button" autofocus @click=${() => dialog.close()}>Cancel</button><button class="btn bad" value="go" ?disabled=${names.length === 0}>${icon("trash")}Remove</button></div>
    </form>`;
  });
}
