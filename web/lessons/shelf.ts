import { tracks } from "virtual:drydock-lessons";
import { html, nothing, type TemplateResult } from "lit";
import { errorText } from "../engine/engine.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { progressOf } from "./progress.ts";
import "../styles/lessons.css";

/** All tracks with their lessons, and what was done of them on this device. */
export class Shelf extends LightElement {
  protected override render(): TemplateResult {
    const all = tracks.flatMap(({ lessons }) => lessons);
    const done = all.filter(({ name }) => progressOf(name).finished).length;
    return html`<section class="stack" aria-labelledby="tracks-title" style="gap: 12px">
      <div class="row"><h2 id="tracks-title" class="grow">Tracks</h2><span class="sub num">${done} of ${all.length} lessons done</span></div>
      <div class="cards three">${tracks.map((track) => {
        const minutes = track.lessons.reduce((sum, lesson) => sum + lesson.minutes, 0);
        return html`<div class="card track"><h3>${track.title}</h3><p class="text2">${track.summary}</p>
          <p class="sub">${track.lessons.length} lessons, ${minutes} min</p>
          <ol class="plain-list">${track.lessons.map(
            ({ name, title, level }) =>
              html`<li><a href="#/lesson/${name}">${title}</a>${level === undefined ? nothing : html` <span class="sub">${level}</span>`}${
                progressOf(name).finished
                  ? html` <span class="done" title="Done">${icon("check")}<span class="vh">Done</span></span>`
                  : nothing
              }</li>`,
          )}</ol></div>`;
      })}</div>
      <div class="row wrap">
        <button class="btn s" @click=${() => void this.#saveProgress()}>${icon("download")}Save progress</button>
        <button class="btn s" @click=${() => void this.#loadProgress()}>${icon("folder")}Load progress</button>
        <button class="btn s" @click=${() => void this.#write()}>${icon("edit")}Write a lesson</button>
        <button class="btn s" @click=${() => void this.#openRecipe()}>${icon("file")}Open a recipe file</button>
        <a class="btn s" href="./embedding.html">Embed a playground</a>
      </div>
    </section>`;
  }

  async #saveProgress(): Promise<void> {
    const [{ writeProgress }, { saveFile }] = await Promise.all([
      import("./progress-file.ts"),
      import("../files/save-file.ts"),
    ]);
    const names = tracks.flatMap(({ lessons }) => lessons.map(({ name }) => name));
    saveFile("drydock-progress.json", writeProgress(names));
  }

  async #loadProgress(): Promise<void> {
    const [{ readProgress }, { chooseFile }] = await Promise.all([
      import("./progress-file.ts"),
      import("../files/save-file.ts"),
    ]);
    try {
      const text = await (await chooseFile(".json"))?.text();
      if (text === undefined) return;
      const count = readProgress(text);
      this.app.toast({
        kind: "info",
        text: `Progress of ${count} ${count === 1 ? "lesson" : "lessons"} was taken over.`,
      });
      this.requestUpdate();
    } catch (error) {
      this.app.toast({ kind: "bad", text: errorText(error) });
    }
  }

  async #write(): Promise<void> {
    const [{ draftName }, { askText }] = await Promise.all([import("./drafts.ts"), import("../shell/ask.ts")]);
    const name = await askText({
      title: "Write a lesson",
      label: "Name of the lesson",
      value: "my-lesson",
      button: "Create",
    });
    if (name !== undefined) this.app.go({ view: "lesson", name: `draft/${draftName(name)}` });
  }

  /** A recipe of this device: the same view as for a link asks before anything runs. */
  async #openRecipe(): Promise<void> {
    const [{ readRecipe, writeLink }, { chooseFile }] = await Promise.all([
      import("../../lessons/link/index.ts"),
      import("../files/save-file.ts"),
    ]);
    const text = await (await chooseFile(".json"))?.text();
    if (text === undefined) return;
    const read = readRecipe(text);
    if (read.ok) this.app.go({ view: "link", fragment: await writeLink(read.recipe) });
    else this.app.toast({ kind: "bad", text: read.message });
  }
}
customElements.define("dd-shelf", Shelf);
