import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { Lesson, Problem } from "../../lessons/format/index.ts";
import { languageOf, languageSupport } from "../editor/languages.ts";
import { pageTheme } from "../editor/theme.ts";
import { errorText } from "../engine/engine.ts";
import { chooseFile, saveFile } from "../files/save-file.ts";
import { askText } from "../shell/ask.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { tabKeys } from "../shell/roving.ts";
import { type DraftFiles, isDraftFile, openDraft, packDraft, readDraft, saveDraft, unpackDraft } from "./drafts.ts";

/** What was typed counts when the keys have rested this long. */
const restMs = 400;

/** The sources of a lesson that is being written, beside what they make. Tells each version that keeps to the format by `revised`. */
export class Author extends LightElement {
  static override properties = { name: {}, active: { state: true }, problems: { state: true } };
  declare name: string;
  declare active: string;
  declare problems: readonly Problem[];
  #files: DraftFiles = {};
  #view: EditorView | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.active = "lesson.yaml";
    this.problems = [];
  }

  override disconnectedCallback(): void {
    this.#take();
    this.#view?.destroy();
    this.#view = undefined;
    super.disconnectedCallback();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("name")) return;
    this.#files = openDraft(this.name);
    const read = readDraft(this.#files);
    this.problems = read.ok ? [] : read.problems;
    this.active = "lesson.yaml";
    this.#view?.destroy();
    this.#view = undefined;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (this.#view === undefined || changed.has("active")) void this.#show();
  }

  protected override render(): TemplateResult {
    return html`<section class="author" aria-label="Sources of the lesson">
      <div class="tabs"><div class="tablist" role="tablist" aria-label="Files of the lesson" @keydown=${tabKeys}>
        ${Object.keys(this.#files).map(
          (file) =>
            html`<button class="tab" role="tab" aria-selected=${file === this.active} tabindex=${file === this.active ? 0 : -1} @click=${() => this.#choose(file)}>${file}</button>`,
        )}</div>
        <span class="end">
          <a class="ib s" href="./writing-lessons.html" target="_blank" aria-label="How lessons are written" title="How lessons are written">${icon("book")}</a>
          <button class="ib s" aria-label="New text" title="New text" @click=${() => void this.#add()}>${icon("plus")}</button>
          <button class="ib s" aria-label="Save the folder as an archive" title="Save the folder as an archive" @click=${() => this.#export()}>${icon("download")}</button>
          <button class="ib s" aria-label="Open an archive" title="Open an archive" @click=${() => void this.#import()}>${icon("folder")}</button>
        </span></div>
      <div class="sources"></div>
      ${
        this.problems.length === 0
          ? nothing
          : html`<ul class="problems" aria-label="What is wrong">${this.problems.map(
              ({ line, message }) =>
                html`<li>${line === 0 ? nothing : html`<button class="badge bad" @click=${() => this.#goTo(line)}>Line ${line}</button> `}${message}</li>`,
            )}</ul>`
      }
    </section>`;
  }

  async #show(): Promise<void> {
    const { active } = this;
    const language = await languageSupport(languageOf(active));
    const parent = this.querySelector(".sources");
    if (parent === null || active !== this.active) return;
    this.#view?.destroy();
    this.#view = new EditorView({
      parent,
      state: EditorState.create({
        doc: this.#files[active] ?? "",
        extensions: [
          lineNumbers(),
          history(),
          keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
          EditorView.lineWrapping,
          pageTheme,
          language,
          EditorView.contentAttributes.of({ "aria-label": active }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) this.#edited();
          }),
        ],
      }),
    });
  }

  #edited(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#take(), restMs);
  }

  /** What stands in the editor counts from now on. */
  #take(): void {
    clearTimeout(this.#timer);
    if (this.#view === undefined) return;
    const text = this.#view.state.doc.toString();
    if (text === this.#files[this.active]) return;
    this.#change({ ...this.#files, [this.active]: text });
  }

  #change(files: DraftFiles): void {
    this.#files = files;
    saveDraft(this.name, files);
    const read = readDraft(files);
    this.problems = read.ok ? [] : read.problems;
    if (read.ok) this.dispatchEvent(new CustomEvent<Lesson>("revised", { detail: read.value }));
  }

  #choose(file: string): void {
    this.#take();
    this.active = file;
  }

  #goTo(line: number): void {
    this.#choose("lesson.yaml");
    void this.updateComplete.then(() => {
      const view = this.#view;
      if (view === undefined || line > view.state.doc.lines) return;
      view.dispatch({ selection: { anchor: view.state.doc.line(line).from }, scrollIntoView: true });
      view.focus();
    });
  }

  async #add(): Promise<void> {
    const next = String(Object.keys(this.#files).filter((file) => file.endsWith(".md")).length + 1).padStart(2, "0");
    const file = await askText({
      title: "New text",
      label: "Name of the text",
      value: `${next}.md`,
      button: "Create",
      refusal: (text) =>
        isDraftFile(text) && !Object.hasOwn(this.#files, text)
          ? undefined
          : `“${text}” cannot be the name of a text, or is one already.`,
    });
    if (file === undefined) return;
    this.#take();
    this.#change({ ...this.#files, [file]: "" });
    this.active = file;
  }

  #export(): void {
    this.#take();
    saveFile(`${this.name}.zip`, packDraft(this.name, this.#files));
  }

  async #import(): Promise<void> {
    const file = await chooseFile(".zip");
    if (file === undefined) return;
    try {
      this.#change(unpackDraft(new Uint8Array(await file.arrayBuffer())));
      this.active = "lesson.yaml";
      await this.#show();
    } catch (error) {
      this.app.toast({ kind: "bad", text: `The archive could not be opened: ${errorText(error)}` });
    }
  }
}
customElements.define("dd-author", Author);
