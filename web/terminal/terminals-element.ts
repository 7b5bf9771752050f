import { html, nothing, type TemplateResult } from "lit";
import { type StartStage, startStages, type WireErrorKind } from "../../worker/protocol/index.ts";
import { agoWithin, containerName, shellLine, spacedSize } from "../engine/format.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { openMenu, pointerOf } from "../shell/menu.ts";
import { tabKeys } from "../shell/roving.ts";
import type { MachineState, TerminalTab } from "../state/page-state.ts";
import { remember, remembered } from "../state/settings.ts";
import { StoreController } from "../state/store.ts";
import "./key-bar.ts";
import type { Terminals } from "./terminals.ts";

const stageNames: Readonly<Record<StartStage, string>> = {
  emulator: "Emulator",
  machine: "Machine: kernel, engine, shell",
  wake: "Wake it up",
};

/** The terminals' pane: its tabs, the screens of the tab in front, and before that the machine's start. */
export class TerminalsElement extends LightElement {
  static override properties = { terminals: { state: true }, hint: { state: true } };
  declare terminals: Terminals | undefined;
  declare hint: boolean;
  readonly #machine = new StoreController(
    this,
    () => this.app.store,
    (state) => state.machine,
  );
  readonly #list = new StoreController(
    this,
    () => this.app.store,
    (state) => state.terminals,
  );

  constructor() {
    super();
    this.hint = remembered("firstHint", true);
  }

  get #active(): TerminalTab | undefined {
    const { tabs, active } = this.#list.value;
    return tabs.find((tab) => tab.id === active);
  }

  protected override render(): TemplateResult {
    const machine = this.#machine.value;
    const stopped = machine.kind === "failed" || machine.kind === "lost";
    return html`
      ${this.#strip(machine)}
      <div class="screens" ?hidden=${stopped || machine.kind === "elsewhere" || this.#active === undefined}></div>
      ${machine.kind === "elsewhere" ? this.#elsewhere() : stopped ? this.#stopped(machine) : this.#active === undefined ? this.#boot(machine) : nothing}
      ${this.#ended()}
      ${this.hint && machine.kind === "running" && this.app.store.state.lesson === undefined ? this.#hintLine() : nothing}
      ${this.#active === undefined ? nothing : html`<dd-key-bar></dd-key-bar>`}`;
  }

  #strip(machine: MachineState): TemplateResult {
    const { tabs, active } = this.#list.value;
    const running = machine.kind === "running";
    return html`<div class="tabs">
      <div class="tablist" role="tablist" aria-label="Terminals" @keydown=${tabKeys}>
        ${
          tabs.length === 0
            ? html`<span class="tab" role="tab" aria-selected="true" tabindex="0">${icon("term")}bash</span>`
            : tabs.map(
                (
                  tab,
                ) => html`<button class="tab" role="tab" id="terminal-tab-${tab.id}" aria-selected=${tab.id === active} tabindex=${tab.id === active ? 0 : -1}
                  @click=${() => this.#show(tab.id)} @dblclick=${() => void this.#rename(tab)} @contextmenu=${(event: MouseEvent) => this.#menu(event, tab)}
                  @keydown=${(event: KeyboardEvent) => {
                    if (event.key === "Delete") this.terminals?.close(tab.id);
                    if (event.key === "F2") void this.#rename(tab);
                  }}>${icon("term")}<span>${tab.title}</span></button>`,
              )
        }
      </div>
      <button class="ib s" aria-label="New terminal" title="New terminal (Alt Shift T)" ?disabled=${!running} @click=${() => this.terminals?.open({})}>${icon("plus")}</button>
      <button class="ib s narrow-gap" aria-label="Terminal in a container" title="New terminal in a container" aria-haspopup="menu" ?disabled=${!running} @click=${(event: Event) => this.#places(event.currentTarget as HTMLElement)}>${icon("down")}</button>
      <span class="end">
        <button class="ib s" aria-label="Split terminal" title="Split terminal" ?disabled=${!running} @click=${() => this.terminals?.open({ split: true })}>${icon("split")}</button>
        <button class="ib s" aria-label="Copy screen" title="Copy screen" ?disabled=${this.#active === undefined} @click=${() => this.#copyScreen()}>${icon("copy")}</button>
        <button class="ib s" aria-label="Full screen" title="Full screen" @click=${this.#fullScreen}>${icon("expand")}</button>
        ${(this.#active?.sessions.length ?? 0) > 1 ? html`<button class="ib s" aria-label="Close this half" title="Close this half of the split" @click=${() => this.terminals?.closeFront()}>${icon("unsplit")}</button>` : nothing}
        ${this.#active === undefined ? nothing : html`<button class="ib s" aria-label="Close terminal" title="Close terminal" @click=${() => this.terminals?.close(this.#active?.id ?? 0)}>${icon("close")}</button>`}
      </span>
    </div>`;
  }

  #show(tab: number): void {
    this.terminals?.show(tab);
    void this.updateComplete.then(() => this.terminals?.focus());
  }

  /** A terminal is a shell on the machine, or one in a container (an exec). */
  #places(anchor: HTMLElement): void {
    const running = (this.app.store.state.containers ?? []).filter(({ State }) => State === "running");
    openMenu(anchor, "Terminal in a container", [
      { label: "The machine", icon: "term", run: () => void this.terminals?.open({}) },
      ...running.map(containerName).map((name) => ({
        label: name,
        hint: shellLine(name),
        icon: "box" as const,
        run: () => void this.app.openShell(name),
      })),
    ]);
  }

  #menu(event: MouseEvent, tab: TerminalTab): void {
    event.preventDefault();
    openMenu(
      event.currentTarget as HTMLElement,
      `Terminal ${tab.title}`,
      [
        { label: "Rename", icon: "edit", run: () => void this.#rename(tab) },
        { label: "Close", icon: "close", run: () => this.terminals?.close(tab.id) },
      ],
      pointerOf(event),
    );
  }

  async #rename(tab: TerminalTab): Promise<void> {
    const { askText } = await import("../shell/ask.ts");
    const title = await askText({
      title: "Rename the terminal",
      label: "Name of the terminal",
      value: tab.title,
      button: "Rename",
    });
    if (title !== undefined) this.terminals?.rename(tab.id, title.slice(0, 40));
  }

  #copyScreen(): void {
    void this.app.copy(this.terminals?.target().screenText() ?? "", "Screen");
  }

  readonly #fullScreen = (): void => {
    if (document.fullscreenElement !== null) void document.exitFullscreen();
    else
      void this.closest(".terminals")
        ?.requestFullscreen()
        // With the keyboard locked, Ctrl+W, Ctrl+T and Ctrl+N reach the shell too.
        .then(() => (navigator as { keyboard?: { lock?: () => Promise<void> } }).keyboard?.lock?.())
        .catch(() => {});
  };

  #boot(machine: MachineState): TemplateResult {
    const progress = machine.kind === "starting" ? machine.progress : {};
    const reached = startStages.filter((stage) => progress[stage] !== undefined).length;
    const share = startStages.reduce((sum, stage) => {
      const { loadedBytes = 0, totalBytes = 0 } = progress[stage] ?? {};
      return sum + (totalBytes > 0 ? loadedBytes / totalBytes : 0);
    }, 0);
    const started = machine.kind === "running";
    return html`<div class="screens" style="display: grid">
      <div class="boot" role="status">
        <h2>${started ? "No terminal is open" : "Starting your machine"}</h2>
        ${
          started
            ? html`<button class="btn" @click=${() => this.terminals?.open({})}>${icon("plus")}New terminal</button>`
            : html`<div class="bar"><i style="width: ${Math.round((100 * share) / startStages.length)}%"></i></div>
                <ol>
                  ${startStages.map((stage, index) => {
                    const state = index < reached - 1 ? "done" : index === reached - 1 ? "now" : "";
                    const at = progress[stage];
                    return html`<li class=${state}>
                      ${state === "done" ? icon("check") : state === "now" ? icon("clock") : html`<span class="empty-icon"></span>`}
                      <span>${stageNames[stage]}</span><span class="num">${bytesText(at, state === "done")}</span>
                    </li>`;
                  })}
                </ol>`
        }
      </div>
    </div>`;
  }

  #stopped(machine: Extract<MachineState, { kind: "failed" | "lost" }>): TemplateResult {
    const lost = machine.kind === "lost";
    const checkpoint = machine.kind === "lost" ? machine.checkpoint : undefined;
    const hopeless = machine.error.kind === "unsupported";
    return html`<div class="empty" style="background: var(--term-bg)">
      <div class="stopped" role="alert">
        <div class="row">${icon("warn")}<h2>${lost ? "The machine stopped" : failedTitle(machine.error.kind)}</h2></div>
        <p>${machine.error.message}</p>
        ${lost ? html`<p>Files, images and volumes are kept as they were last written. What ran in containers ${checkpoint === undefined ? "is lost" : html`is kept as it was ${agoWithin(checkpoint.at / 1000)}, with the files of then`}.</p>` : nothing}
        <div class="row wrap">
          ${
            checkpoint === undefined
              ? nothing
              : html`<button class="btn go big" @click=${() => void this.app.startMachine({ from: checkpoint })}>${icon("retry")}Start from the checkpoint</button>`
          }
          ${hopeless ? nothing : html`<button class="btn big ${checkpoint === undefined ? "go" : ""}" @click=${() => void this.app.startMachine()}>${icon("retry")}${lost ? "Start the machine again" : "Try again"}</button>`}
          ${machine.error.kind === "storageFull" ? html`<a class="btn big" href="#/">${icon("box")}Playgrounds</a>` : nothing}
          <button class="btn big" @click=${() => void this.app.copy(report(machine), "Details")}>${icon("copy")}Copy details for a bug report</button>
        </div>
      </div>
    </div>`;
  }

  #elsewhere(): TemplateResult {
    return html`<div class="empty" style="background: var(--term-bg)">
      <div class="stopped">
        <h2>This playground is open in another tab</h2>
        <p>One tab works on it at a time. Taken over, the other tab stops; files, images and volumes are kept.</p>
        <div class="row"><button class="btn go big" @click=${() => void this.app.startMachine({ takeOver: true })}>Use it here</button></div>
      </div>
    </div>`;
  }

  #ended(): TemplateResult | typeof nothing {
    const id = this.#active?.sessions.find((each) => {
      const kind = this.terminals?.session(each)?.state.kind;
      return kind === "ended" || kind === "failed";
    });
    const session = id === undefined ? undefined : this.terminals?.session(id);
    if (session === undefined || id === undefined || this.#machine.value.kind !== "running") return nothing;
    const text =
      session.state.kind === "ended"
        ? `The process has ended with exit code ${session.state.exitCode}.`
        : session.state.kind === "failed"
          ? session.state.message
          : "";
    return html`<div class="hint" role="status">
      <span class="grow">${text}</span>
      <button class="btn s" @click=${() => this.terminals?.restart(session)}>${icon("retry")}Start again</button>
      <button class="btn s" @click=${() => this.terminals?.closeSession(id)}>Close</button>
    </div>`;
  }

  #hintLine(): TemplateResult {
    return html`<div class="hint">
      <span class="grow text2">New here? Type <code>docker run hello-world</code> and press Enter.</span>
      <button class="btn s" @click=${() => void this.app.runInTerminal("docker run hello-world")}>${icon("play")}Run it</button>
      <button class="ib s" aria-label="Do not show this again" title="Do not show this again" @click=${() => {
        this.hint = false;
        remember("firstHint", false);
      }}>${icon("close")}</button>
    </div>`;
  }

  protected override updated(): void {
    if (this.terminals === undefined && this.#machine.value.kind !== "off")
      void this.app.terminals().then((terminals) => {
        this.terminals = terminals;
      });
    const screens = this.querySelector<HTMLElement>(".screens");
    if (screens === null || this.terminals === undefined || this.#active === undefined) return;
    const wanted = this.#active.sessions
      .map((id) => this.terminals?.session(id))
      .filter((session) => session !== undefined);
    const elements = wanted.map((session) => session.element);
    for (const child of [...screens.children]) if (!elements.includes(child as HTMLDivElement)) child.remove();
    for (const session of wanted) if (session.element.parentElement !== screens) session.mount(screens);
  }
}

function bytesText(
  progress: { readonly loadedBytes: number; readonly totalBytes: number } | undefined,
  done: boolean,
): string {
  if (progress === undefined || progress.totalBytes === 0) return "";
  if (done) return spacedSize(progress.totalBytes);
  return `${spacedSize(progress.loadedBytes)} of ${spacedSize(progress.totalBytes)}`;
}

function failedTitle(kind: WireErrorKind): string {
  if (kind === "download") return "A part of the machine could not be loaded";
  return kind === "storageFull" ? "The storage is full" : "The machine did not start";
}

function report(machine: Extract<MachineState, { kind: "failed" | "lost" }>): string {
  return JSON.stringify(
    { machine, browser: navigator.userAgent, page: location.href, at: new Date().toISOString() },
    null,
    2,
  );
}
customElements.define("dd-terminals", TerminalsElement);
