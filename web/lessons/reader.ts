import glossary from "virtual:drydock-glossary";
import { loaders, tracks } from "virtual:drydock-lessons";
import { html, nothing, type TemplateResult } from "lit";
import type { Lesson } from "../../lessons/format/lesson.ts";
import { memoryOf } from "../../lessons/format/memory.ts";
import { errorText } from "../engine/engine.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { announce } from "../shell/live-region.ts";
import { openMenu } from "../shell/menu.ts";
import { lessonsPlayground } from "../state/playground.ts";
import { StoreController } from "../state/store.ts";
import { changesBetween } from "./changes.ts";
import { sizeOf, totalOf } from "./downloads.ts";
import { inlineProse, type ProseActions, pictureBeside, prose } from "./prose.ts";
import { type LessonPhase, LessonSession } from "./session.ts";
import "../styles/lessons.css";

const foreign = "url/";
const draft = "draft/";

/** The open lesson: its text, its tasks with what is seen of them, hints, the way on and back. */
export class Reader extends LightElement {
  readonly #name = new StoreController(
    this,
    () => this.app.store,
    (state) => state.lesson,
  );
  readonly #machine = new StoreController(
    this,
    () => this.app.store,
    (state) => state.machine.kind,
  );
  #session: LessonSession | undefined;
  #loading: string | undefined;
  #problem: string | undefined;
  #drawn: { readonly text: string; readonly parts: ReturnType<typeof prose> } | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("keydown", this.#keys);
    this.addEventListener("click", this.#clicked);
  }

  /** Alt+Enter runs the line that has the focus, or the one after the last that was run. */
  readonly #keys = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || !event.altKey || event.ctrlKey || event.metaKey) return;
    const { activeElement } = document;
    if (activeElement?.closest(".xterm, .cm-editor, dialog") != null) return;
    const buttons = [...this.querySelectorAll<HTMLElement>(".lesson .fence button[aria-label^='Run ']")];
    const focused = activeElement?.closest(".fence")?.querySelector<HTMLElement>("button[aria-label^='Run ']");
    const next = focused ?? buttons[this.#lastRun === undefined ? 0 : buttons.indexOf(this.#lastRun) + 1];
    if (next === undefined) return;
    event.preventDefault();
    next.click();
  };

  readonly #clicked = (event: Event): void => {
    const button = (event.target as Element).closest<HTMLElement>(".fence button[aria-label^='Run ']");
    if (button !== null) this.#lastRun = button;
  };
  #lastRun: HTMLElement | undefined;

  override disconnectedCallback(): void {
    removeEventListener("keydown", this.#keys);
    this.removeEventListener("click", this.#clicked);
    super.disconnectedCallback();
    this.#session?.dispose();
    this.#session = undefined;
    this.#loading = undefined;
  }

  protected override willUpdate(): void {
    const name = this.#name.value;
    if (name === undefined || name === this.#loading) return;
    this.#loading = name;
    void this.#open(name);
  }

  async #open(name: string): Promise<void> {
    this.#session?.dispose();
    this.#session = undefined;
    this.#problem = undefined;
    try {
      const lesson = await lessonOf(name);
      if (this.#loading !== name) return;
      this.#session = new LessonSession(this.app, name, lesson, () => this.requestUpdate());
      const track = tracks.find(({ id }) => id === lesson.track)?.title;
      this.app.tellLesson({ name, title: lesson.title, ...(track === undefined ? {} : { track }) });
    } catch (error) {
      this.#problem = errorText(error);
    }
    this.requestUpdate();
  }

  get #actions(): ProseActions {
    return {
      run: (line) => void this.app.runInTerminal(line),
      copy: (text) => void this.app.copy(text, "Text"),
      picture: (href) => {
        const name = this.#session?.name ?? "";
        return name.startsWith(foreign) ? pictureBeside(name.slice(foreign.length), href) : undefined;
      },
      save: (path, text) =>
        void this.app.bridge.writeFile(path, new TextEncoder().encode(`${text}\n`)).then(
          () => announce(`${path} saved.`),
          (error: unknown) => this.app.toast({ kind: "bad", text: `${path} could not be saved: ${errorText(error)}` }),
        ),
    };
  }

  protected override render(): TemplateResult {
    if (this.#problem !== undefined)
      return html`<div class="lesson"><h2>This lesson cannot be opened</h2><p>${this.#problem}</p></div>`;
    const session = this.#session;
    if (session === undefined) return html`<div class="lesson"><p class="sub">Opening the lesson…</p></div>`;
    const shown = session.phase.kind === "open" ? this.#step(session) : this.#cover(session, session.phase);
    if (!session.name.startsWith(draft)) return shown;
    return html`<div class="authoring">
      <dd-author .name=${session.name.slice(draft.length)} @revised=${(event: CustomEvent<Lesson>) => void session.revise(event.detail)}></dd-author>
      <div class="result">${shown}${this.#answers(session)}</div></div>`;
  }

  /** For authors: what every check answers, also those of hints that do not apply, and what asking costs. */
  #answers(session: LessonSession): TemplateResult | typeof nothing {
    const { report, current } = session;
    if (report === undefined) return nothing;
    const text = (id: string): string => {
      const answer = report.tasks[id];
      if (answer === undefined) return "has passed before";
      return answer.state === "passed" ? "passed" : `${answer.state}: ${answer.text}`;
    };
    return html`<section class="lesson answers" aria-label="What the checks answer"><h3>What the checks answer</h3>
      <ul>${current.tasks.map(({ id }) => html`<li><code>${id}</code> ${text(id)}</li>`)}
        ${current.hints.map((hint, index) => html`<li>hint ${index + 1} ${report.hints.includes(index) ? "applies" : "does not apply"}: ${inlineProse(hint.text)}</li>`)}</ul>
      <p class="sub num">The last round took ${report.cost.toFixed(1)} ms.</p></section>`;
  }

  #place(session: LessonSession): string {
    const track = tracks.find(({ id }) => id === session.lesson.track);
    const index = track?.lessons.findIndex(({ name }) => name === session.name) ?? -1;
    return track === undefined ? "Lesson" : `${track.title} · ${index + 1} of ${track.lessons.length}`;
  }

  /** Before the lesson, while its stage is being set, and when that failed. */
  #cover(session: LessonSession, phase: LessonPhase): TemplateResult {
    const { lesson, step, done } = session;
    const running = this.#machine.value === "running";
    const begun = step > 0 || done.size > 0;
    return html`<article class="lesson">
      <span class="over">${this.#place(session)}</span>
      <h2>${lesson.title}</h2>
      <p>${lesson.summary} About ${lesson.minutes} minutes.</p>
      ${
        phase.kind === "preparing" || !running
          ? html`<p class="sub" role="status">${icon("clock")} ${running && phase.kind === "preparing" ? phase.what : "The machine is starting"}…</p>`
          : html`
            ${phase.kind === "failed" ? html`<div class="note bad">${icon("warn")}<p>The step could not be prepared: ${phase.message}</p></div>` : nothing}
            ${session.name.startsWith(foreign) ? html`<dd-foreign-note .lesson=${lesson} .from=${session.name.slice(foreign.length)}></dd-foreign-note>` : nothing}
            ${this.#fetching(session)}
            ${this.#memory(lesson)}
            ${this.#emptying(session)}
            <div class="row wrap">
              <button class="btn go" @click=${() => void session.begin(0)}>${begun ? "Begin anew" : "Begin"}</button>
              ${
                begun
                  ? html`<button class="btn" @click=${() => void session.begin(step)}>Begin at step ${step + 1}</button>
                <button class="btn" @click=${() => void session.resume()}>Go on as it is</button>`
                  : nothing
              }
            </div>`
      }
    </article>`;
  }

  #fetching({ downloads }: LessonSession): TemplateResult | typeof nothing {
    if (downloads.length === 0) return nothing;
    const images = downloads.map(
      (download, index) =>
        html`${index === 0 ? nothing : ", "}<code>${download.ref}</code>${downloads.length === 1 ? nothing : ` (${sizeOf(download)})`}`,
    );
    return html`<p class="sub num">It uses ${images}: ${totalOf(downloads)}.</p>`;
  }

  /** A lesson that needs more than the machine has is begun by who knows it. */
  #memory({ needs }: Lesson): TemplateResult | typeof nothing {
    const { machine } = this.app.store.state;
    if (machine.kind !== "running" || needs?.memory === undefined) return nothing;
    const [wanted, has] = [memoryOf(needs.memory), machine.report.memoryBytes];
    if (wanted <= has) return nothing;
    return html`<div class="note warn">${icon("warn")}<p>It needs ${wanted / 2 ** 20} MiB of memory, and this machine has ${has / 2 ** 20} MiB: some of it may fail.</p></div>`;
  }

  /** Nothing goes that was not spoken of. */
  #emptying(session: LessonSession): TemplateResult {
    void session.lookAround().catch(() => {});
    const apart = this.app.options.playground === lessonsPlayground;
    return html`<p class="sub">${apart ? "It begins on an empty machine, in the lessons’ own playground. Yours stay as they are." : "It begins on an empty machine."}
      ${session.content === undefined || session.content === "" ? nothing : html`<b>Beginning removes ${session.content} from here.</b>`}
      Images that were pulled stay, those made here go.</p>`;
  }

  #step(session: LessonSession): TemplateResult {
    const { lesson, step, current } = session;
    const last = step + 1 === lesson.steps.length;
    return html`<article class="lesson" aria-label=${lesson.title}>
        <div class="row"><span class="over grow">${this.#place(session)}</span>
          <button class="ib s" aria-label="What changed in this step" title="What changed in this step" ?disabled=${session.before === undefined} @click=${() => void this.#compare(session)}>${icon("split")}</button>
          <button class="ib s" aria-label="Go back" title="Go back" aria-haspopup="menu" @click=${(event: Event) => this.#rewindMenu(session, event)}>${icon("rewind")}</button></div>
        <h2 class="title">${current.title}</h2>
        <div class="steps" role="img" aria-label="Step ${step + 1} of ${lesson.steps.length}">${lesson.steps.map(
          (_, index) => html`<i class=${index < step ? "done" : index === step ? "now" : ""}></i>`,
        )}</div>
        ${this.#text(session)}
        ${current.tasks.length === 0 ? nothing : html`<div class="checks" role="list" aria-label="Tasks">${current.tasks.map((task) => this.#task(session, task))}</div>`}
        ${this.#hints(session)}
        ${this.#solution(session)}
      </article>
      <div class="lfoot">
        <button class="btn" ?disabled=${step === 0} @click=${() => void session.begin(step - 1)}>Previous</button>
        <span class="grow"></span>
        <span class="sub">${session.left === 0 ? (session.helped ? "All done, with the solution" : "All done") : session.left === 1 ? "1 task left" : `${session.left} tasks left`}</span>
        ${last ? this.#onward(session) : html`<button class="btn ${session.left === 0 ? "go" : ""}" @click=${() => void session.next()}>Next</button>`}
      </div>`;
  }

  async #compare(session: LessonSession): Promise<void> {
    const { before, current } = session;
    if (before === undefined) return;
    const { showChanges } = await import("./changes-dialog.ts");
    showChanges(current.title, changesBetween(before, await session.holdings()));
  }

  #rewindMenu(session: LessonSession, event: Event): void {
    const { step, lesson } = session;
    const earlier = lesson.steps.slice(0, step).map(({ title }, index) => ({
      label: index === 0 ? `Start of the lesson: ${title}` : `Step ${index + 1}: ${title}`,
      run: () => void session.begin(index),
    }));
    openMenu(event.currentTarget as HTMLElement, "Go back", [
      { label: "Start of this step", icon: "rewind", run: () => void session.begin(step) },
      ...(earlier.length === 0 ? [] : ["separator" as const, ...earlier]),
    ]);
  }

  /** Drawn once for each text: words of the glossary stay where they are while checks come in. */
  #text({ lesson, current }: LessonSession): unknown {
    const text = lesson.texts[current.text] ?? "";
    if (text !== this.#drawn?.text) this.#drawn = { text, parts: prose(text, this.#actions, glossary) };
    return this.#drawn.parts;
  }

  #task(session: LessonSession, task: { readonly id: string; readonly goal: string }): TemplateResult {
    const answer = session.report?.tasks[task.id];
    const done = session.isDone(task.id);
    const state = done ? "ok" : answer?.state === "observed" ? "no" : "wait";
    const word = { ok: "Done", no: "Seen otherwise", wait: "Not yet" }[state];
    return html`<div class="check ${state}" role="listitem">${icon(({ ok: "check", no: "warn", wait: "clock" } as const)[state])}
      <span class="what"><span class="vh">${word}: </span>${inlineProse(task.goal)}</span>
      ${done || answer === undefined || answer.state === "passed" || answer.text === "" ? nothing : html`<span class="saw">${answer.text}</span>`}</div>`;
  }

  #hints(session: LessonSession): readonly TemplateResult[] {
    return (session.report?.hints ?? []).flatMap((index) => {
      const hint = session.current.hints[index];
      return hint === undefined
        ? []
        : [html`<div class="note warn hint" role="note">${icon("bulb")}<p>${inlineProse(hint.text)}</p></div>`];
    });
  }

  #solution(session: LessonSession): TemplateResult | typeof nothing {
    const lines = session.current.solution;
    if (lines.length === 0 || (session.left === 0 && !session.shown)) return nothing;
    if (!session.shown)
      return html`<p><button class="btn s" @click=${() => session.show()}>${icon("bulb")}Show me</button></p>`;
    return html`<section class="solution stack" aria-label="One way to do it"><h3>One way to do it</h3>
      ${lines.map((each) => {
        const { run, why } = typeof each === "string" ? { run: each, why: undefined } : each;
        return html`<div class="fence"><code>${run}</code>
          <button class="btn s" aria-label="Run ${run}" @click=${() => void this.app.runInTerminal(run)}>${icon("play")}Run</button></div>
          ${why === undefined ? nothing : html`<p class="sub">${inlineProse(why)}</p>`}`;
      })}</section>`;
  }

  /** After the last step: the lesson that comes next. */
  #onward(session: LessonSession): TemplateResult {
    const all = tracks.flatMap(({ lessons }) => lessons);
    const at = all.findIndex(({ name }) => name === session.name);
    // One that is not of ours has none after it.
    const next = at < 0 ? undefined : all[at + 1];
    const look = `btn ${session.left === 0 ? "go" : ""}`;
    return next === undefined
      ? html`<a class=${look} href="#/">All lessons</a>`
      : html`<a class=${look} href="#/lesson/${next.name}" title=${next.title}>Next lesson</a>`;
  }
}
customElements.define("dd-reader", Reader);

/** One of ours by TRACK/LESSON, or "url/ADDRESS". */
async function lessonOf(name: string): Promise<Lesson> {
  if (name.startsWith(draft)) return await draftLesson(name.slice(draft.length));
  if (name.startsWith(foreign)) {
    const [{ fetchLesson }] = await Promise.all([import("./foreign.ts"), import("./foreign-note.ts")]);
    return await fetchLesson(name.slice(foreign.length));
  }
  const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  if (load === undefined) throw new Error("There is no lesson of this name.");
  return (await load()).default;
}

/** What can be read of it; a draft that does not keep to the format begins with a lesson that does. */
async function draftLesson(name: string): Promise<Lesson> {
  const [{ openDraft, readDraft }] = await Promise.all([import("./drafts.ts"), import("./author.ts")]);
  const read = readDraft(openDraft(name));
  if (read.ok) return read.value;
  const { lessonTemplate } = await import("../../lessons/template.ts");
  const fresh = readDraft(lessonTemplate(name));
  if (fresh.ok) return fresh.value;
  throw new Error("The template of lessons does not keep to the format.");
}
