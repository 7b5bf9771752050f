import { tracks } from "virtual:drydock-lessons";
import { html, nothing, type TemplateResult } from "lit";
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
    </section>`;
  }
}
customElements.define("dd-shelf", Shelf);
