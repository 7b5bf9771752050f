import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { remember, remembered } from "../state/settings.ts";
import { StoreController } from "../state/store.ts";
import "../home/home.ts";
import "../panels/panels.ts";
import "../terminal/terminals-element.ts";
import "./divider.ts";
import "./foot.ts";
import "./head.ts";
import "./overlays.ts";
import { icon } from "./icons.ts";
import { type Arrangement, arrangementOf, type NarrowPane, narrowPaneOf, type PaneName, storedSize } from "./layout.ts";
import { LightElement } from "./light-element.ts";
import { placeOf } from "./router.ts";
import { startShortcuts } from "./shortcuts.ts";

const narrow = matchMedia("(max-width: 799px)");

/** The frame: head, panes, foot. It stands before the machine does. */
export class AppElement extends LightElement {
  static override properties = {
    sizes: { state: true },
    leftCollapsed: { state: true },
    panelsCollapsed: { state: true },
    maximised: { state: true },
    narrowPane: { state: true },
    leftTab: { state: true },
  };
  declare sizes: Readonly<Record<PaneName, number>>;
  /** By arrangement: what needs the width gets it. */
  declare leftCollapsed: Readonly<Record<Arrangement, boolean>>;
  declare panelsCollapsed: boolean;
  declare maximised: boolean;
  declare narrowPane: NarrowPane;
  /** What the left pane shows while a lesson is open. */
  declare leftTab: "lesson" | "files";
  readonly #route = new StoreController(
    this,
    () => this.app.store,
    (state) => state.route,
  );
  readonly #files = new StoreController(
    this,
    () => this.app.store,
    (state) => state.openFiles,
  );
  readonly #preview = new StoreController(
    this,
    () => this.app.store,
    (state) => state.preview,
  );
  readonly #machine = new StoreController(
    this,
    () => this.app.store,
    (state) => state.machine.kind,
  );
  readonly #lesson = new StoreController(
    this,
    () => this.app.store,
    (state) => state.lesson,
  );
  readonly #lessonWords = new StoreController(
    this,
    () => this.app.store,
    (state) => state.lessonWords,
  );
  #lastRoute: unknown;
  #lastFile: string | undefined;
  #lastPreview: number | undefined;

  constructor() {
    super();
    this.sizes = {
      left: storedSize("left"),
      lesson: storedSize("lesson"),
      editor: storedSize("editor"),
      preview: storedSize("preview"),
      previewHeight: storedSize("previewHeight"),
      panels: storedSize("panels"),
      beside: storedSize("beside"),
    };
    this.leftCollapsed = {
      below: remembered("leftCollapsed.below", false),
      beside: remembered("leftCollapsed.beside", true),
      full: remembered("leftCollapsed.full", true),
    };
    this.panelsCollapsed = remembered("panelsCollapsed", innerWidth < 1180);
    this.maximised = false;
    this.narrowPane = "terminal";
    this.leftTab = "lesson";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    startShortcuts(this.app, this);
    narrow.addEventListener("change", () => this.requestUpdate());
  }

  protected override willUpdate(_: PropertyValues): void {
    const { active } = this.#files.value;
    if (active !== this.#lastFile) {
      this.#lastFile = active;
      if (active !== undefined) this.narrowPane = "editor";
    }
    const preview = this.#preview.value;
    if (preview !== this.#lastPreview) {
      this.#lastPreview = preview;
      if (preview !== undefined) this.narrowPane = "preview";
    }
    const route = this.#route.value;
    if (route === this.#lastRoute) return;
    const first = this.#lastRoute === undefined;
    this.#lastRoute = route;
    this.narrowPane = narrowPaneOf(route);
    if (route.view === "lesson") this.leftTab = "lesson";
    // Coming to a panel opens the panels; the first address of a narrow window does not hide the terminal's start.
    if ((!first || narrow.matches) && route.view !== "playground" && route.view !== "home" && route.view !== "lesson")
      this.panelsCollapsed = false;
  }

  collapsePanels(collapsed: boolean): void {
    this.panelsCollapsed = collapsed;
    if (collapsed) this.maximised = false;
    remember("panelsCollapsed", collapsed);
  }

  collapseLeft(arrangement: Arrangement, collapsed: boolean): void {
    this.leftCollapsed = { ...this.leftCollapsed, [arrangement]: collapsed };
    remember(`leftCollapsed.${arrangement}`, collapsed);
  }

  #resize(event: CustomEvent<{ readonly pane: PaneName; readonly size: number }>): void {
    this.sizes = { ...this.sizes, [event.detail.pane]: event.detail.size };
  }

  protected override render(): TemplateResult {
    const route = this.#route.value;
    const bare = route.view === "home" || route.view === "notFound" || route.view === "link";
    const { place, item } = placeOf(route, this.#lessonWords.value);
    return html`
      <dd-head></dd-head>
      <main data-pane=${this.narrowPane === "lesson" ? "files" : this.narrowPane}>
        ${route.view === "link" ? html`<dd-consent></dd-consent>` : bare ? html`<dd-home></dd-home>` : html`<h1 class="vh">${item === undefined ? place : `${place}: ${item}`}</h1>`}
        ${this.#panes(bare, arrangementOf(route, this.maximised))}
      </main>
      ${bare ? nothing : this.#bottomBar()}
      <dd-foot></dd-foot>
      <dd-overlays></dd-overlays>
      <p id="live" class="vh" role="status" aria-live="polite"></p>`;
  }

  /** Kept in the page behind the home view, so that terminals keep their screens. */
  #panes(hidden: boolean, arrangement: Arrangement): TemplateResult {
    const { sizes } = this;
    const lesson = this.#lesson.value;
    const reading = lesson !== undefined && this.leftTab === "lesson";
    // A lesson stays in sight while its links open panels.
    const leftArrangement = lesson === undefined ? arrangement : "below";
    const leftCollapsed = this.leftCollapsed[leftArrangement];
    const leftPane: PaneName = lesson === undefined ? "left" : "lesson";
    const editing = this.#files.value.paths.length > 0;
    const previewing = this.#preview.value !== undefined;
    const stacked = previewing && (editing || arrangement === "beside");
    const collapsed = this.panelsCollapsed && arrangement === "below" && !narrow.matches;
    return html`
      <section class="pane left" aria-label=${reading ? "Lesson" : "Files"} ?hidden=${hidden} ?data-collapsed=${leftCollapsed} style="--left: ${sizes[leftPane]}px">
        <div class="tabs">
          ${
            lesson === undefined
              ? html`<span class="tab" aria-current="true">Files</span>`
              : html`<div class="tl" role="tablist" aria-label="Lesson and files">${this.#leftTab("lesson", "Lesson")}${this.#leftTab("files", "Files")}</div>
                <button class="ib s" aria-label="Close the lesson" title="Close the lesson" @click=${this.#closeLesson}>${icon("close")}</button>`
          }
          <span class="end">
            <span id="files-actions" class="row" ?hidden=${reading}></span>
            <button class="ib s collapse" aria-label=${`${leftCollapsed ? "Show" : "Hide"} ${reading ? "the lesson" : "files"}`} title=${`${leftCollapsed ? "Show" : "Hide"} ${reading ? "the lesson" : "files"}`}
              @click=${() => this.collapseLeft(leftArrangement, !leftCollapsed)}>${icon(leftCollapsed ? "right" : "left")}</button>
          </span>
        </div>
        ${lesson === undefined ? nothing : html`<dd-reader class="scroll" ?hidden=${!reading}></dd-reader>`}
        <dd-files class="scroll" ?hidden=${reading}></dd-files>
      </section>
      ${hidden || leftCollapsed ? nothing : html`<dd-divider aria-orientation="vertical" pane=${leftPane} leading .size=${sizes[leftPane]} label=${`Width of the ${lesson === undefined ? "files" : "lesson"}`} @resize-pane=${this.#resize}></dd-divider>`}
      <div class="work" data-layout=${arrangement} ?hidden=${hidden} style="--panels: ${sizes.panels}px; --beside: ${sizes.beside}px; --editor: ${sizes.editor}px; --preview: ${sizes.preview}px; --preview-height: ${sizes.previewHeight}px">
        <div class="stage" ?data-stacked=${stacked} ?data-editing=${editing}>
          ${
            editing
              ? html`<section class="pane editor" aria-label="Editor"><dd-editor></dd-editor></section>
                <dd-divider class="d-editor" aria-orientation="vertical" pane="editor" leading .size=${sizes.editor} label="Width of the editor" @resize-pane=${this.#resize}></dd-divider>`
              : nothing
          }
          <section class="pane terminals" aria-label="Terminal"><dd-terminals style="display: contents"></dd-terminals></section>
          ${
            previewing
              ? html`${
                  stacked
                    ? html`<dd-divider class="d-preview" aria-orientation="horizontal" pane="previewHeight" leading .size=${sizes.previewHeight} label="Height of the preview" @resize-pane=${this.#resize}></dd-divider>`
                    : html`<dd-divider class="d-preview" aria-orientation="vertical" pane="preview" .size=${sizes.preview} label="Width of the preview" @resize-pane=${this.#resize}></dd-divider>`
                }
                <section class="pane preview" aria-label="Preview"><dd-preview style="display: contents"></dd-preview></section>`
              : nothing
          }
        </div>
        ${
          arrangement === "beside"
            ? html`<dd-divider aria-orientation="vertical" pane="beside" leading .size=${sizes.beside} label="Width of the terminal" @resize-pane=${this.#resize}></dd-divider>`
            : html`<dd-divider aria-orientation="horizontal" pane="panels" .size=${sizes.panels} label="Height of the panels" ?hidden=${collapsed} @resize-pane=${this.#resize}></dd-divider>`
        }
        <section class="pane panels" aria-label="Panels" ?data-collapsed=${collapsed}>
          <dd-panels style="display: contents" .collapsed=${collapsed} .arrangement=${arrangement}
            @collapse=${(event: CustomEvent<boolean>) => this.collapsePanels(event.detail)}
            @maximise=${(event: CustomEvent<boolean>) => {
              this.maximised = event.detail;
              this.panelsCollapsed = false;
            }}></dd-panels>
        </section>
      </div>`;
  }

  #leftTab(tab: "lesson" | "files", label: string): TemplateResult {
    const selected = this.leftTab === tab;
    return html`<button class="tab" role="tab" aria-selected=${selected} tabindex=${selected ? 0 : -1}
      @click=${() => {
        this.leftTab = tab;
      }}
      @keydown=${(event: KeyboardEvent) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        this.leftTab = tab === "lesson" ? "files" : "lesson";
        void this.updateComplete.then(() =>
          this.querySelector<HTMLElement>(".pane.left [aria-selected=true]")?.focus(),
        );
      }}>${label}</button>`;
  }

  #closeLesson(): void {
    this.app.store.set({ lesson: undefined });
    if (this.#route.value.view === "lesson") this.app.go({ view: "playground" });
  }

  #bottomBar(): TemplateResult {
    const entry = (pane: NarrowPane, label: string, glyph: Parameters<typeof icon>[0]): TemplateResult =>
      html`<a href="#" aria-current=${this.narrowPane === pane ? "page" : nothing} @click=${(event: Event) => {
        event.preventDefault();
        this.narrowPane = pane;
        if (pane === "lesson" || pane === "files") this.leftTab = pane;
        if (pane === "panels") this.panelsCollapsed = false;
      }}>${icon(glyph)}${label}</a>`;
    return html`<nav class="bottom" aria-label="Panes">
      ${this.#lesson.value === undefined ? nothing : entry("lesson", "Lesson", "book")}
      ${entry("terminal", "Terminal", "term")}${entry("panels", "Panels", "box")}${entry("files", "Files", "folder")}
      ${this.#files.value.paths.length > 0 ? entry("editor", "Editor", "file") : nothing}
      ${this.#preview.value === undefined ? nothing : entry("preview", "Preview", "ports")}
    </nav>`;
  }

  protected override updated(): void {
    // Editor and preview are loaded when used; the files pane as soon as there is a machine to read from.
    if (this.#lesson.value !== undefined) void import("../lessons/reader.ts");
    if (this.#route.value.view === "link") void import("../lessons/consent.ts");
    if (this.#route.value.view === "home") {
      void import("../lessons/shelf.ts");
      void import("../playgrounds/playgrounds-element.ts");
    }
    if (this.#files.value.paths.length > 0) void import("../editor/editor.ts");
    if (this.#preview.value !== undefined) void import("../preview/preview.ts");
    if (this.#machine.value === "running") void import("../files/files.ts");
  }
}
customElements.define("dd-app", AppElement);
