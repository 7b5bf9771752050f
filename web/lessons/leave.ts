/** A lesson opens in the lessons' own playground. Containers that run in this one stop when the page leaves it, which nobody should learn afterwards. */
import { html } from "lit";
import { DrawnDialog } from "../panels/dialog.ts";

const shown = 3;

export function askToLeave(lesson: string, running: readonly string[]): void {
  const names = `${running.slice(0, shown).join(", ")}${running.length > shown ? ` and ${running.length - shown} more` : ""}`;
  const dialog = new DrawnDialog(
    "leave-title",
    () => html`<div class="dhead"><h2 id="leave-title">Leave this playground for the lesson?</h2></div>
    <div class="dbody"><p>A lesson has a playground of its own. What you made here stays: images, containers, volumes and files. But what runs here stops when the page leaves: ${names}.</p></div>
    <div class="dfoot"><button class="btn" autofocus @click=${() => dialog.close()}>Stay here</button>
      <a class="btn" href=${lesson} target="_blank" @click=${() => dialog.close()}>Open it in a new tab</a>
      <a class="btn go" href=${lesson}>Leave and open it</a></div>`,
  );
}
