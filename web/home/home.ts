import { html, nothing, type TemplateResult } from "lit";
import { defaultPlayground } from "../../worker/protocol/index.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { type LessonWords, parseRoute, placeOf } from "../shell/router.ts";
import { addressOf, lessonsPlayground } from "../state/playground.ts";
import { remembered, rememberedHere } from "../state/settings.ts";
import { StoreController } from "../state/store.ts";

const firstLines: readonly { readonly line: string; readonly what: string }[] = [
  { line: "docker run hello-world", what: "A container that greets and ends." },
  { line: "docker run -it debian bash", what: "A shell inside a container of its own." },
  { line: "docker run -d -p 8080:80 --name web nginx", what: "A web server, and its page in the preview." },
];

const facts: readonly { readonly title: string; readonly text: string }[] = [
  {
    title: "A real kernel",
    text: "Linux runs in a WebAssembly machine. Containers are processes with namespaces, cgroups and an overlay of their own.",
  },
  {
    title: "Docker's own words",
    text: "The docker command, its tables, its errors and its Engine API. What you learn here holds everywhere.",
  },
  {
    title: "Nothing to lose",
    text: "No server and no sign-up. The machine is yours, in this tab: break it, look inside, start again.",
  },
];

/** What this is, an empty playground one click away, and what was open last. */
export class Home extends LightElement {
  readonly #route = new StoreController(
    this,
    () => this.app.store,
    (state) => state.route,
  );

  protected override render(): TemplateResult {
    if (this.#route.value.view === "notFound") return this.#notFound();
    const last = this.#lastPlace();
    return html`<div class="home scroll"><div>
      <section class="hero">
        <div class="stack" style="gap: 16px">
          <h1>Docker, running in this tab.</h1>
          <p>A real Linux kernel, real containers, no sign-up, no server. Learn it, break it, look under the hood.</p>
          <div class="row wrap">
            <a class="btn go big" href=${this.app.options.playground === lessonsPlayground ? addressOf(defaultPlayground) : "#/playground"}>${icon("term")}Empty playground</a>
            ${last === undefined ? nothing : html`<a class="btn big" href=${last.href}>${icon("play")}Continue: ${last.name}</a>`}
          </div>
        </div>
        <section class="card first" aria-labelledby="first-lines">
          <h2 id="first-lines">Three lines to start with</h2>
          ${firstLines.map(
            ({ line, what }) => html`<div class="stack" style="gap: 6px">
              <p class="sub">${what}</p>
              <div class="fence"><code>${line}</code>
                <button class="btn s" aria-label="Run ${line}" @click=${() => void this.app.runInTerminal(line)}>${icon("play")}Run</button>
                <button class="ib s" aria-label="Copy ${line}" title="Copy" @click=${() => void this.app.copy(line, "Command")}>${icon("copy")}</button>
              </div>
            </div>`,
          )}
        </section>
      </section>
      <dd-playgrounds></dd-playgrounds>
      <dd-shelf></dd-shelf>
      <section class="cards three" aria-label="What it is">
        ${facts.map(({ title, text }) => html`<div class="card"><h2>${title}</h2><p class="text2">${text}</p></div>`)}
      </section>
    </div></div>`;
  }

  /** Where one was in this playground, or else the lesson that was open. */
  #lastPlace(): { readonly href: string; readonly name: string } | undefined {
    const here = rememberedHere<string>("lastPlace", "");
    const lesson = remembered<string>(`${lessonsPlayground}.lastPlace`, "");
    const words = remembered<LessonWords | undefined>(`${lessonsPlayground}.lastLesson`, undefined);
    const named = (place: string, href: string) => {
      const { place: view, item } = placeOf(parseRoute(place), words);
      return { href, name: item ?? view };
    };
    if (here !== "" && here !== "#/playground") return named(here, here);
    return parseRoute(lesson).view === "lesson" ? named(lesson, addressOf(lessonsPlayground, lesson)) : undefined;
  }

  #notFound(): TemplateResult {
    return html`<div class="empty">
      <h1>There is nothing at this address</h1>
      <p>The address may be cut off, or from another version of this page.</p>
      <a class="btn go big" href="#/playground">Go to the playground</a>
    </div>`;
  }
}
customElements.define("dd-home", Home);
