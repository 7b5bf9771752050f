/** Makes a link of the playground: the workspace's files and docker lines, ticked one by one. Nothing leaves the device but the link. */
import { html, nothing, type TemplateResult } from "lit";
import { commonLength, type Recipe, recipeSchema, writeLink } from "../../lessons/link/index.ts";
import type { App } from "../app.ts";
import { errorText } from "../engine/engine.ts";
import { DrawnDialog } from "../panels/dialog.ts";
import "../styles/lessons.css";

type SharedFile = Recipe["files"][number];
interface Choice<T> {
  readonly value: T;
  chosen: boolean;
}

const mostFiles = 200;
const largestFile = 100_000;

export async function openShare(app: App): Promise<void> {
  const files: Choice<SharedFile>[] = (await workspaceFiles(app)).map((value) => ({ value, chosen: true }));
  const lines = [...new Set(app.store.state.commands.filter(({ state }) => state === "done").map(({ line }) => line))];
  const commands: Choice<string>[] = lines.map((value) => ({ value, chosen: false }));
  let [title, more, link, problem] = ["", "", "", ""];

  const update = async (): Promise<void> => {
    const typed = more
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "");
    const result = recipeSchema.safeParse({
      v: 1,
      ...(title === "" ? {} : { title }),
      files: files.filter(({ chosen }) => chosen).map(({ value }) => value),
      steps: [...commands.filter(({ chosen }) => chosen).map(({ value }) => value), ...typed],
    });
    problem = result.success
      ? ""
      : `${result.error.issues[0]?.path.join(" ") ?? ""} ${result.error.issues[0]?.message ?? ""}`;
    link = result.success ? new URL(await writeLink(result.data), location.href.replace(/#.*/, "")).href : "";
    dialog.redraw();
  };
  const tick = <T>(choices: readonly Choice<T>[], label: (value: T) => string): TemplateResult =>
    html`<ul class="plain-list ticks">${choices.map(
      (choice) =>
        html`<li><label><input type="checkbox" .checked=${choice.chosen} @change=${(event: Event) => {
          choice.chosen = (event.target as HTMLInputElement).checked;
          void update();
        }}> <code>${label(choice.value)}</code></label></li>`,
    )}</ul>`;
  const dialog = new DrawnDialog(
    "share-title",
    () => html`<div class="share stack" style="gap: 12px">
    <h1 id="share-title">Share this playground</h1>
    <label class="stack">Title <input type="text" maxlength="120" @input=${(event: Event) => {
      title = (event.target as HTMLInputElement).value;
      void update();
    }}></label>
    ${files.length === 0 ? html`<p class="sub">The workspace has no files.</p>` : html`<h2>Files</h2>${tick(files, ({ path }) => path)}`}
    ${commands.length === 0 ? nothing : html`<h2>Commands</h2>${tick(commands, (line) => line)}`}
    <label class="stack">${commands.length === 0 ? "Commands" : "More commands"}, one docker line each
      <textarea rows="3" @input=${(event: Event) => {
        more = (event.target as HTMLTextAreaElement).value;
        void update();
      }}></textarea></label>
    ${problem === "" ? nothing : html`<div class="note bad"><p>${problem}</p></div>`}
    <label class="stack">Link, ${link.length} characters <input type="text" readonly .value=${link}></label>
    ${link.length > commonLength ? html`<div class="note warn"><p>Many programs cut links of this length off. Choose fewer or smaller files.</p></div>` : nothing}
    <div class="row"><span class="grow"></span>
      <button class="btn" @click=${() => dialog.close()}>Close</button>
      <button class="btn go" ?disabled=${link === ""} @click=${() => void app.copy(link, "Link")}>Copy the link</button></div>
  </div>`,
  );
  await update();
}

async function workspaceFiles(app: App, folder = ""): Promise<readonly SharedFile[]> {
  const found: SharedFile[] = [];
  try {
    for (const { name, type, size } of await app.bridge.listFiles(folder)) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (found.length >= mostFiles) break;
      if (type === "directory") found.push(...(await workspaceFiles(app, path)));
      else if (type === "file" && size <= largestFile) found.push(await sharedFile(app, path));
    }
  } catch (error) {
    app.toast({ kind: "bad", text: `The workspace could not be read: ${errorText(error)}` });
  }
  return found.slice(0, mostFiles);
}

async function sharedFile(app: App, path: string): Promise<SharedFile> {
  const bytes = await app.bridge.readFile(path);
  try {
    return { path, text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { path, base64: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")) };
  }
}
