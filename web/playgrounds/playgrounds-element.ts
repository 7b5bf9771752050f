import { html, nothing, type TemplateResult } from "lit";
import { defaultPlayground, type PlaygroundInfo } from "../../worker/protocol/index.ts";
import { agoWithin, spacedSize } from "../engine/format.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { openMenu } from "../shell/menu.ts";
import { addressOf } from "../state/playground.ts";
import { StoreController } from "../state/store.ts";
import { askName, askNewPlayground, askRemoval } from "./dialogs.ts";
import type { Playgrounds } from "./playgrounds.ts";

const goesOn = "What runs in its containers goes on here; in the copy it has ended, as after a restart.";

/** The playgrounds of this browser with what they take, and what can be done with them. */
export class PlaygroundsElement extends LightElement {
  readonly #state = new StoreController(
    this,
    () => this.app.store,
    (state) => state.playgrounds,
  );
  readonly #machine = new StoreController(
    this,
    () => this.app.store,
    (state) => state.machine.kind,
  );

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#with((playgrounds) => playgrounds.refresh());
  }

  async #with(work: (playgrounds: Playgrounds) => unknown): Promise<void> {
    work(await this.app.playgrounds());
  }

  protected override render(): TemplateResult {
    const { list, failure } = this.#state.value;
    return html`<section class="stack" aria-labelledby="playgrounds-title" style="gap: 12px">
      <div class="row wrap"><h2 id="playgrounds-title" class="grow">Playgrounds</h2>
        <button class="btn" ?disabled=${failure !== undefined} @click=${this.#create}>${icon("plus")}New</button>
        <label class="btn filebutton">${icon("upload")}Open a file<input type="file" class="vh" accept=".tgz,.gz,application/gzip" ?disabled=${failure !== undefined} @change=${this.#openFile} /></label>
      </div>
      ${failure === undefined ? nothing : html`<div class="note warn">${icon("warn")}<p>${failure}</p></div>`}
      ${list.length === 0 ? nothing : html`<ul class="card rows">${list.map((playground) => this.#row(playground))}</ul>`}
      ${this.#quota()}
    </section>`;
  }

  #row(playground: PlaygroundInfo): TemplateResult {
    const { id, name, used, bytes } = playground;
    const ours = id === this.app.options.playground;
    const open = ours && this.#machine.value === "running";
    return html`<li class="row">
      ${icon("box")}
      <a class="name grow clip" href=${ours ? "#/playground" : addressOf(id)} title=${name}>${name}</a>
      ${open ? html`<span class="badge ok">open here</span>` : nothing}
      <span class="sub num used">${used === 0 ? "" : `used ${agoWithin(used / 1000)}`}</span>
      <span class="num size">${spacedSize(bytes)}</span>
      <button class="ib s" aria-label="More for ${name}" title="More" aria-haspopup="menu" @click=${(event: Event) => this.#menu(event, playground, open)}>${icon("more")}</button>
    </li>`;
  }

  #menu(event: Event, playground: PlaygroundInfo, open: boolean): void {
    const { id, name, bytes } = playground;
    const note = open ? { note: goesOn } : {};
    openMenu(event.currentTarget as HTMLElement, name, [
      {
        label: "Rename",
        icon: "edit",
        run: () =>
          askName({
            title: `Rename ${name}`,
            name,
            button: "Rename",
            run: (wish) => void this.#with((playgrounds) => playgrounds.rename(playground, wish)),
          }),
      },
      {
        label: "Duplicate",
        icon: "copy",
        run: () =>
          askName({
            title: `Duplicate ${name}`,
            name: `${name} copy`,
            button: "Duplicate",
            ...note,
            run: (wish) => void this.#with((playgrounds) => playgrounds.duplicate(playground, wish)),
          }),
      },
      {
        label: "Save to a file",
        icon: "download",
        run: () => void this.#with((playgrounds) => playgrounds.save(playground)),
      },
      "separator",
      {
        label: id === defaultPlayground ? "Empty it" : "Delete",
        icon: "trash",
        danger: true,
        run: () =>
          askRemoval(name, spacedSize(bytes), () => void this.#with((playgrounds) => playgrounds.remove(playground))),
      },
    ]);
  }

  #quota(): TemplateResult | typeof nothing {
    const { quota, list } = this.#state.value;
    const { usage = 0, quota: limit = 0 } = quota ?? {};
    if (limit === 0) return nothing;
    const kept = list.reduce((sum, { bytes }) => sum + bytes, 0);
    const rest = Math.max(0, usage - kept);
    return html`<div class="quota">
      <div class="bar ${usage / limit > 0.8 ? "warn" : "ok"}"><i style="width: ${Math.min(100, (100 * usage) / limit).toFixed(1)}%"></i></div>
      <p class="sub num">${spacedSize(usage)} of ${spacedSize(limit)} that this browser gives: ${spacedSize(kept)} playgrounds, ${spacedSize(rest)} the page, its machine and what is kept offline</p>
    </div>`;
  }

  readonly #create = (): void =>
    void askNewPlayground((name) => void this.#with((playgrounds) => playgrounds.create(name)));

  readonly #openFile = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    input.value = "";
    if (file !== undefined) void this.#with((playgrounds) => playgrounds.openFile(file));
  };
}
customElements.define("dd-playgrounds", PlaygroundsElement);
