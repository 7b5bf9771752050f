import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { type Diagnostic, forEachDiagnostic, lintGutter, lintKeymap, setDiagnosticsEffect } from "@codemirror/lint";
import { searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { html, nothing, type TemplateResult } from "lit";
import { errorText } from "../engine/engine.ts";
import { shellQuote } from "../engine/format.ts";
import { closeFile, openFile, parentOf } from "../files/open-files.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { announce } from "../shell/live-region.ts";
import { openMenu, pointerOf } from "../shell/menu.ts";
import { tabKeys } from "../shell/roving.ts";
import { StoreController } from "../state/store.ts";
import { OpenDocument } from "./document.ts";
import { languageOf, languageSupport } from "./languages.ts";
import { pageTheme } from "./theme.ts";

/** Edits are written when the keys have rested this long. */
const restMs = 500;
/** A removed file that is back after so long was replaced. */
const replaceMs = 250;

interface Buffer {
  readonly document: OpenDocument;
  readonly view: EditorView;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** The open files in tabs. */
export class Editor extends LightElement {
  static override properties = { failures: { state: true } };
  declare failures: ReadonlyMap<string, string>;
  readonly #files = new StoreController(
    this,
    () => this.app.store,
    (state) => state.openFiles,
  );
  readonly #buffers = new Map<string, Buffer>();
  readonly #loading = new Set<string>();
  #watching: unknown;

  constructor() {
    super();
    this.failures = new Map();
  }

  override disconnectedCallback(): void {
    for (const { document, view } of this.#buffers.values()) {
      void document.save();
      view.destroy();
    }
    this.#buffers.clear();
    super.disconnectedCallback();
  }

  protected override render(): TemplateResult {
    const { paths, active } = this.#files.value;
    const buffer = active === undefined ? undefined : this.#buffers.get(active);
    const failure = active === undefined ? undefined : this.failures.get(active);
    return html`
      <div class="tabs">
        <div class="tablist" role="tablist" aria-label="Open files" @keydown=${tabKeys}>
          ${paths.map(
            (
              path,
            ) => html`<button class="tab" role="tab" aria-selected=${path === active} tabindex=${path === active ? 0 : -1} title=${path} @click=${() => openFile(this.app, path)}
            @keydown=${(event: KeyboardEvent) => event.key === "Delete" && closeFile(this.app, path)} @contextmenu=${(event: MouseEvent) => this.#menu(event, path)} @auxclick=${(event: MouseEvent) => event.button === 1 && closeFile(this.app, path)}>
            ${path.slice(path.lastIndexOf("/") + 1)}${this.#buffers.get(path)?.document.state.kind === "unsaved" ? html`<span class="n" title="Not yet saved">•</span>` : nothing}</button>`,
          )}
        </div>
        <span class="end">${this.#runButton(active)}<button class="ib s" aria-label="Close ${active ?? ""}" title="Close" @click=${() => active !== undefined && closeFile(this.app, active)}>${icon("close")}</button></span>
      </div>
      ${failure === undefined ? nothing : html`<div class="pad"><div class="note bad">${icon("warn")}<p>${active}: ${failure}</p></div></div>`}
      ${buffer === undefined ? nothing : this.#notice(buffer)}
      <div class="editors"></div>
      ${buffer === undefined ? nothing : this.#problem(buffer.view)}`;
  }

  /** The worst of what the language's service found, under the text. */
  #problem(view: EditorView): TemplateResult | typeof nothing {
    const problems: { readonly from: number; readonly diagnostic: Diagnostic }[] = [];
    forEachDiagnostic(view.state, (diagnostic, from) => problems.push({ from, diagnostic }));
    const ranks = { error: 0, warning: 1, info: 2, hint: 3 };
    const [first] = problems.sort((a, b) => ranks[a.diagnostic.severity] - ranks[b.diagnostic.severity]);
    if (first === undefined) return nothing;
    const kind = { error: "bad", warning: "warn", info: "info", hint: "info" }[first.diagnostic.severity];
    return html`<div class="advice row">
      <button class="badge ${kind}" title="Go to line ${view.state.doc.lineAt(first.from).number}" @click=${() => {
        view.dispatch({ selection: { anchor: first.from }, scrollIntoView: true });
        view.focus();
      }}>${icon("warn")}Line ${view.state.doc.lineAt(first.from).number}</button>
      <span class="grow">${first.diagnostic.message}</span>
      ${problems.length > 1 ? html`<span class="sub">and ${problems.length - 1} more</span>` : nothing}
    </div>`;
  }

  #runButton(active: string | undefined): TemplateResult | typeof nothing {
    if (active === undefined) return nothing;
    const language = languageOf(active);
    const directory = parentOf(active);
    const file = active.slice(active.lastIndexOf("/") + 1);
    if (language === "dockerfile") {
      const tag = (directory === "" ? "site" : (directory.split("/").at(-1) ?? "site"))
        .toLowerCase()
        .replace(/[^a-z0-9._-]+/g, "-");
      const flag = file === "Dockerfile" ? "" : ` -f ${shellQuote(active)}`;
      return this.#lineButton(
        "Build",
        `docker build -t ${tag}${flag} ${shellQuote(directory === "" ? "." : directory)}`,
      );
    }
    if (language === "compose") {
      const usual = directory === "" && /^(docker-)?compose\.ya?ml$/.test(file);
      return this.#lineButton("Up", `docker compose${usual ? "" : ` -f ${shellQuote(active)}`} up -d`);
    }
    return nothing;
  }

  #menu(event: MouseEvent, path: string): void {
    event.preventDefault();
    const others = this.#files.value.paths.filter((each) => each !== path);
    openMenu(
      event.currentTarget as HTMLElement,
      path,
      [
        { label: "Close", icon: "close", run: () => closeFile(this.app, path) },
        ...(others.length === 0
          ? []
          : [
              {
                label: "Close the others",
                icon: "close" as const,
                run: () => {
                  for (const other of others) closeFile(this.app, other);
                },
              },
            ]),
        { label: "Copy path", icon: "copy", run: () => void this.app.copy(path, "Path") },
      ],
      pointerOf(event),
    );
  }

  #lineButton(label: string, line: string): TemplateResult {
    return html`<button class="btn s" title=${line} @click=${async () => {
      await this.#saveAll();
      await this.app.runInTerminal(line);
    }}>${icon("play")}${label}</button>`;
  }

  #notice({ document }: Buffer): TemplateResult | typeof nothing {
    switch (document.state.kind) {
      case "conflict":
        return html`<div class="note warn bar-note" role="alert">${icon("warn")}<p>The file was changed on the machine while you edited it here. Both are kept until you choose.</p>
          <button class="btn s" @click=${() => document.takeTheirs()}>Take the machine's</button><button class="btn s" @click=${() => void document.keepMine()}>Keep mine</button></div>`;
      case "gone":
        return html`<div class="note warn bar-note" role="alert">${icon("warn")}<p>The file was deleted on the machine. What you wrote here is kept until you choose.</p>
          <button class="btn s" @click=${() => void document.writeAgain()}>Write it again</button><button class="btn s" @click=${() => {
            document.discard();
            closeFile(this.app, document.path);
          }}>Close without saving</button></div>`;
      case "failed":
        return html`<div class="note bad bar-note" role="alert">${icon("warn")}<p>Not saved: ${document.state.message}</p><button class="btn s" @click=${() => void document.save()}>Try again</button></div>`;
      case "saved":
      case "unsaved":
        return nothing;
    }
  }

  protected override updated(): void {
    const { paths, active } = this.#files.value;
    for (const [path, buffer] of this.#buffers)
      if (!paths.includes(path)) {
        void buffer.document.save();
        buffer.view.destroy();
        this.#buffers.delete(path);
      }
    for (const path of this.failures.keys())
      if (!paths.includes(path)) this.failures = new Map([...this.failures].filter(([each]) => each !== path));
    if (active !== undefined && !this.#buffers.has(active)) void this.#load(active);
    for (const [path, { view }] of this.#buffers) view.dom.hidden = path !== active;
    void this.#watch();
  }

  async #watch(): Promise<void> {
    try {
      const { bridge } = this.app;
      if (this.#watching === bridge) return;
      this.#watching = bridge;
      const reader = (await bridge.watchFiles()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        if (value.kind === "removed") setTimeout(() => void this.#closeGone(value.path), replaceMs);
        else
          await this.#buffers
            .get(value.path)
            ?.document.changedOutside()
            .catch(() => {});
      }
    } catch {
      // Without the machine there is nothing to watch; it is watched again when it is back.
    }
  }

  /** Editors and git replace a file by removing it and making it anew: it is gone when it does not come back. */
  async #closeGone(removed: string): Promise<void> {
    for (const path of this.#files.value.paths) {
      if (path !== removed && !path.startsWith(`${removed}/`)) continue;
      const name = path.slice(path.lastIndexOf("/") + 1);
      const entries = await this.app.bridge.listFiles(parentOf(path)).catch(() => []);
      if (entries.some((entry) => entry.name === name)) continue;
      if (this.#buffers.get(path)?.document.removedOutside() ?? true) closeFile(this.app, path);
    }
  }

  async #load(path: string): Promise<void> {
    if (this.#loading.has(path) || this.failures.has(path)) return;
    this.#loading.add(path);
    try {
      const files = {
        read: (each: string) => this.app.bridge.readFile(each),
        write: (each: string, bytes: Uint8Array) => this.app.bridge.writeFile(each, bytes),
      };
      const document = new OpenDocument(path, files, {
        onState: () => this.requestUpdate(),
        onReplaced: (text) => this.#replace(path, text),
      });
      const [text, language, services] = await Promise.all([
        document.load(),
        languageSupport(languageOf(path)),
        servicesFor(path),
      ]);
      const parent = this.querySelector(".editors");
      if (parent === null || !this.#files.value.paths.includes(path)) return;
      const view = new EditorView({
        parent,
        state: EditorState.create({
          doc: text,
          extensions: [
            lineNumbers(),
            highlightActiveLineGutter(),
            history(),
            drawSelection(),
            indentOnInput(),
            bracketMatching(),
            autocompletion(),
            highlightActiveLine(),
            lintGutter(),
            keymap.of([
              ...defaultKeymap,
              ...historyKeymap,
              ...searchKeymap,
              ...completionKeymap,
              ...lintKeymap,
              indentWithTab,
            ]),
            pageTheme,
            EditorState.readOnly.of(this.app.options.readOnly),
            language,
            services,
            EditorView.contentAttributes.of({ "aria-label": path }),
            EditorView.updateListener.of((update) => {
              if (update.docChanged) this.#edited(path, update.state.doc.toString());
              if (update.transactions.some(({ effects }) => effects.some((effect) => effect.is(setDiagnosticsEffect))))
                this.requestUpdate();
            }),
          ],
        }),
      });
      this.#buffers.set(path, { document, view, timer: undefined });
      view.focus();
    } catch (error) {
      this.failures = new Map([...this.failures, [path, errorText(error)]]);
    } finally {
      this.#loading.delete(path);
      this.requestUpdate();
    }
  }

  #edited(path: string, text: string): void {
    const buffer = this.#buffers.get(path);
    if (buffer === undefined) return;
    buffer.document.edited(text);
    clearTimeout(buffer.timer);
    buffer.timer = setTimeout(() => void buffer.document.save(), restMs);
  }

  #replace(path: string, text: string): void {
    const view = this.#buffers.get(path)?.view;
    view?.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    announce(`${path} was changed on the machine.`);
  }

  async #saveAll(): Promise<void> {
    await Promise.all([...this.#buffers.values()].map(({ document }) => document.save()));
  }
}
customElements.define("dd-editor", Editor);

/** Completion and diagnostics for the languages that have a service. */
async function servicesFor(path: string) {
  switch (languageOf(path)) {
    case "dockerfile":
      return (await import("./dockerfile-service.ts")).dockerfileService();
    case "compose":
      return (await import("./compose-service.ts")).composeService();
    default:
      return [];
  }
}
