/**
 * Makes a link of the playground: the workspace's files and docker lines, ticked one by one. Nothing leaves the device but the link. What is
 * too long for a link becomes a file, which opens from any address by `?recipe=`.
 */
import { html, nothing, type TemplateResult } from "lit";
import { commonLength, imageOf, type Recipe, recipeSchema, writeLink } from "../../lessons/link/index.ts";
import type { App } from "../app.ts";
import { errorText } from "../engine/engine.ts";
import { spacedSize } from "../engine/format.ts";
import { saveFile } from "../files/save-file.ts";
import { DrawnDialog } from "../panels/dialog.ts";
import { icon } from "../shell/icons.ts";
import { badgeMarkdown, embedMarkup, siteAddress } from "./snippets.ts";
import { typedLines } from "./typed-lines.ts";
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
  const lines = [
    ...new Set([
      ...app.store.state.commands.filter(({ state }) => state === "done").map(({ line }) => line),
      ...typedLines((await app.terminals()).target().screenText()),
    ]),
  ];
  const commands: Choice<string>[] = lines.map((value) => ({ value, chosen: false }));
  let [title, more, link, problem, pinned] = ["", "", "", "", false];
  let recipe: Recipe | undefined;

  const update = async (): Promise<void> => {
    const typed = more
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "");
    const steps = [...commands.filter(({ chosen }) => chosen).map(({ value }) => value), ...typed];
    const result = recipeSchema.safeParse({
      v: 1,
      ...(title === "" ? {} : { title }),
      files: files.filter(({ chosen }) => chosen).map(({ value }) => value),
      images: pinned ? pinnedImages(app, steps) : [],
      steps,
    });
    recipe = result.success ? result.data : undefined;
    problem = result.success
      ? ""
      : `${result.error.issues[0]?.path.join(" ") ?? ""} ${result.error.issues[0]?.message ?? ""}`;
    link = result.success ? new URL(await writeLink(result.data), siteAddress()).href : "";
    dialog.redraw();
  };
  const tick = <T>(choices: readonly Choice<T>[], label: (value: T) => string): TemplateResult =>
    html`<div class="ticks">${choices.map(
      (choice) =>
        html`<label class="row"><input type="checkbox" .checked=${choice.chosen} @change=${(event: Event) => {
          choice.chosen = (event.target as HTMLInputElement).checked;
          void update();
        }}> <code class="clip">${label(choice.value)}</code></label>`,
    )}</div>`;
  const dialog = new DrawnDialog(
    "share-title",
    () => html`<div>
    <div class="dhead"><h2 id="share-title">Share this playground</h2></div>
    <div class="dbody">
      <div class="field"><label for="share-name">Title</label><input class="input" id="share-name" maxlength="120" autocomplete="off" @input=${(
        event: Event,
      ) => {
        title = (event.target as HTMLInputElement).value;
        void update();
      }}></div>
      <h3>${filesTitle(files)}</h3>
      ${files.length === 0 ? html`<p class="sub">The workspace has no files.</p>` : tick(files, ({ path }) => path)}
      ${commands.length === 0 ? nothing : html`<h3>Commands</h3>${tick(commands, (line) => line)}`}
      <div class="field"><label for="share-more">${commands.length === 0 ? "Commands" : "More commands"}, one docker line each</label>
        <textarea class="input mono" id="share-more" rows="3" spellcheck="false" @input=${(event: Event) => {
          more = (event.target as HTMLTextAreaElement).value;
          void update();
        }}></textarea></div>
      <label class="row"><input type="checkbox" @change=${(event: Event) => {
        pinned = (event.target as HTMLInputElement).checked;
        void update();
      }}> The same images, byte for byte (by their digests)</label>
      ${problem === "" ? nothing : html`<div class="note bad" role="alert">${icon("warn")}<p>${problem}</p></div>`}
      <div class="fence"><code class="clip" aria-label="Link">${link}</code>
        <button class="btn s go" ?disabled=${link === ""} @click=${() => void app.copy(link, "Link")}>${icon("copy")}Copy the link</button></div>
      ${
        link.length > commonLength
          ? html`<div class="note warn">${icon("warn")}<p>Many programs cut links of more than ${commonLength} characters off. Save it as a file instead, put that anywhere that lets other pages read it, and pass on <code>${siteAddress()}?recipe=</code> with its address.</p></div>`
          : html`<p class="sub num">${link.length.toLocaleString("en")} characters. Fits in any message.</p>`
      }
    </div>
    <div class="dfoot">
      <button class="btn" ?disabled=${link === ""} @click=${() => void app.copy(badgeMarkdown(link), "Markdown of the badge")}>Badge for a README</button>
      <button class="btn" ?disabled=${link === ""} @click=${() => void app.copy(embedMarkup(link), "Markup")}>Embed</button>
      <button class="btn" ?disabled=${recipe === undefined} @click=${() => saveFile("recipe.json", JSON.stringify(recipe, undefined, 2))}>Save as a file</button>
      <span class="grow"></span>
      <button class="btn" @click=${() => dialog.close()}>Close</button></div>
  </div>`,
  );
  await update();
}

function filesTitle(files: readonly Choice<SharedFile>[]): string {
  const chosen = files.filter((file) => file.chosen);
  const bytes = chosen.reduce((sum, { value }) => sum + (value.text ?? value.base64 ?? "").length, 0);
  return chosen.length === 0 ? "Files" : `Files, ${spacedSize(bytes)}`;
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

/** Images of the lines with the digest that this machine has of them. */
function pinnedImages(app: App, lines: readonly string[]): Recipe["images"] {
  const refs = new Set(lines.flatMap((line) => imageOf(line) ?? []));
  return [...refs].flatMap((ref) => {
    const tag = /:[^/]*$/.test(ref) ? ref : `${ref}:latest`;
    const image = app.store.state.images?.find(({ RepoTags }) => RepoTags?.includes(tag) === true);
    const digest = image?.RepoDigests?.[0]?.split("@")[1];
    return digest === undefined ? [] : [{ ref, digest }];
  });
}
