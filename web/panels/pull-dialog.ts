/** `docker pull` from the page: one line a layer, as the engine reports it. */
import { html, nothing } from "lit";
import type { App } from "../app.ts";
import { errorText } from "../engine/engine.ts";
import { humanSize } from "../engine/format.ts";
import type { PullProgress } from "../engine/types.ts";
import { icon } from "../shell/icons.ts";
import { DrawnDialog } from "./dialog.ts";

export function openPull(app: App, reference: string): void {
  const layers = new Map<string, PullProgress>();
  const stop = new AbortController();
  let summary = "";
  let state: "running" | "done" | "failed" = "running";
  const line = `docker pull ${reference}`;
  const dialog = new DrawnDialog(
    "pull-title",
    () => html`<form method="dialog">
    <div class="dhead"><h2 id="pull-title">Pull ${reference}</h2><code class="s sub">${line}</code></div>
    <div class="dbody" aria-live="polite">
      <ul class="progress-list">
        ${[...layers].map(([id, { status, progressDetail }]) => {
          const { current = 0, total = 0 } = progressDetail ?? {};
          const complete = status === "Pull complete" || status === "Already exists";
          return html`<li><code class="s">${id}</code><div class="bar ${complete ? "ok" : ""}"><i style="width: ${complete ? 100 : total > 0 ? Math.round((100 * current) / total) : 0}%"></i></div><span class="sub num right">${total > 0 && !complete ? `${humanSize(current)} of ${humanSize(total)}` : status}</span></li>`;
        })}
      </ul>
      ${summary === "" ? nothing : state === "failed" ? html`<div class="note bad">${icon("warn")}<p>${summary}</p></div>` : html`<p>${summary}</p>`}
    </div>
    <div class="dfoot"><button class="btn ${state === "done" ? "go" : ""}" autofocus>${state === "running" ? "Cancel" : "Close"}</button></div>
  </form>`,
  );
  dialog.element.addEventListener("close", () => stop.abort());
  void app
    .perform({
      line,
      run: async (engine) => {
        const colon = reference.lastIndexOf(":");
        const tagged = reference.includes("@") || colon > reference.lastIndexOf("/");
        const query = `fromImage=${encodeURIComponent(reference)}${tagged ? "" : "&tag=latest"}`;
        const values = await engine.lines<PullProgress>("POST", `/images/create?${query}`, stop.signal);
        const reader = values.getReader();
        stop.signal.addEventListener("abort", () => void reader.cancel().catch(() => {}), { once: true });
        for (;;) {
          const { done, value } = await reader.read();
          if (done) break;
          if (value.error !== undefined) throw new Error(value.error);
          const known = value.id !== undefined && /^[0-9a-f]{12}$/.test(value.id);
          if (known) layers.set(value.id ?? "", value);
          else summary = value.status ?? summary;
          dialog.redraw();
        }
        if (stop.signal.aborted) throw new Error("cancelled");
      },
    })
    .then((ok) => {
      state = ok ? "done" : "failed";
      if (!ok)
        summary = app.store.state.commands.findLast((entry) => entry.line === line)?.message ?? errorText("failed");
      dialog.redraw();
    });
}
