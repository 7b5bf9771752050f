/** The step's start and now, side by side. */
import { html, type TemplateResult } from "lit";
import { DrawnDialog } from "../panels/dialog.ts";
import type { Change } from "./changes.ts";
import "../styles/lessons.css";

export function showChanges(title: string, changes: readonly Change[]): void {
  const dialog = new DrawnDialog(
    "changes-title",
    () => html`<div>
    <div class="dhead"><h2 id="changes-title">What changed in “${title}”</h2></div>
    <div class="dbody changes">${
      changes.length === 0
        ? html`<p class="sub">Nothing: all is as it was at the start of the step.</p>`
        : html`<table class="plain"><thead><tr><th scope="col">What</th><th scope="col">At the start</th><th scope="col">Now</th></tr></thead>
          <tbody>${changes.map(row)}</tbody></table>`
    }</div>
    <div class="dfoot"><span class="grow"></span><button class="btn" autofocus @click=${() => dialog.close()}>Close</button></div>
  </div>`,
  );
}

/** A sign and a word: colour alone says nothing. */
function row({ kind, name, before, now }: Change): TemplateResult {
  const word = before === undefined ? "added" : now === undefined ? "removed" : "changed";
  return html`<tr class=${word}><th scope="row"><span class="sub">${kind.replace(/s$/, "")}</span> <code>${name}</code> <span class="badge">${word}</span></th>
    <td>${before ?? "–"}</td><td>${now ?? "–"}</td></tr>`;
}
