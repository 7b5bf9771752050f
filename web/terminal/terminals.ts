/** All terminals of the page: which tabs there are, which sessions stand in them, and which is in front. */
import type { App } from "../app.ts";
import { onThemeChange } from "../shell/theme.ts";
import type { TerminalTab } from "../state/page-state.ts";
import { addContainerLinks } from "./container-links.ts";
import { keptScrollback, loadTerminals, reloadMark, type SavedTerminals, saveTerminals } from "./saved-terminals.ts";
import { TerminalSession } from "./session.ts";

export interface OpenOptions {
  readonly title?: string;
  /** A shell in this container instead of one on the machine. */
  readonly container?: string;
  readonly command?: readonly string[];
  readonly cwd?: string;
  /** Beside the session in front instead of in a tab of its own. */
  readonly split?: boolean;
}

/** What a container offers as a shell: bash where it is, sh otherwise. */
const containerShell = ["/bin/sh", "-c", "command -v bash >/dev/null && exec bash || exec sh"];

export class Terminals {
  readonly #app: App;
  readonly #sessions = new Map<number, TerminalSession>();
  readonly #options = new Map<number, OpenOptions>();
  /** Brought back from before the reload and not shown yet: their shells start when they are. */
  readonly #asleep = new Set<number>();
  #nextId = 1;
  #focused: number | undefined;
  #control: (() => void) | undefined;

  constructor(app: App) {
    this.#app = app;
    onThemeChange(() => {
      for (const session of this.#sessions.values()) session.retheme();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#save();
    });
    addEventListener("pagehide", () => this.#save());
    // For programs that drive the page: xterm.js draws on a canvas, which cannot be read.
    Object.assign(globalThis, {
      drydockTerminalText: () => this.target().screenText(),
      drydockTerminalTextToCursor: () => this.target().textToCursor(),
    });
  }

  session(id: number): TerminalSession | undefined {
    return this.#sessions.get(id);
  }

  get #tabs(): readonly TerminalTab[] {
    return this.#app.store.state.terminals.tabs;
  }

  #set(tabs: readonly TerminalTab[], active: number | undefined): void {
    this.#app.store.set({ terminals: { tabs, active } });
  }

  get active(): TerminalTab | undefined {
    const { tabs, active } = this.#app.store.state.terminals;
    return tabs.find((tab) => tab.id === active);
  }

  machineStarted(): void {
    if (this.#tabs.length === 0) this.#restore(loadTerminals());
    else for (const session of this.#sessions.values()) this.#reconnect(session);
    // Who has not gone elsewhere on the page wants to type.
    setTimeout(() => {
      if (document.activeElement === document.body) this.focus();
    });
  }

  #restore(saved: SavedTerminals | undefined): void {
    for (const { title, sessions } of saved?.tabs ?? []) {
      for (const [index, { options, screen }] of sessions.entries()) {
        const session = this.#add({ ...options, title, split: index > 0 });
        if (screen.trim() !== "") session.terminal.write(screen + reloadMark);
      }
    }
    const front = this.#tabs[saved?.active ?? 0] ?? this.#tabs[0];
    if (front === undefined) this.open({});
    else this.show(front.id);
  }

  #save(): void {
    // A page that goes before its first prompt leaves what was kept as it is.
    if (![...this.#sessions.values()].some((session) => session.serialize(0) !== undefined)) return;
    saveTerminals({
      tabs: this.#tabs.map(({ title, sessions }) => ({
        title,
        sessions: sessions.map((id) => ({
          options: this.#options.get(id) ?? {},
          screen: this.#sessions.get(id)?.serialize(keptScrollback) ?? "",
        })),
      })),
      active: this.#tabs.findIndex(({ id }) => id === this.#app.store.state.terminals.active),
    });
  }

  machineLost(): void {
    for (const session of this.#sessions.values())
      session.terminal.write("\r\n\x1b[90m-- the machine stopped here --\x1b[0m\r\n");
  }

  #wake(tab: TerminalTab | undefined): void {
    for (const id of tab?.sessions ?? []) {
      const session = this.#sessions.get(id);
      // The element mounts it first, so that the process starts with the window's true size.
      if (this.#asleep.delete(id) && session !== undefined) setTimeout(() => void session.connect());
    }
  }

  #reconnect(session: TerminalSession): void {
    if (session.state.kind === "ended" || session.state.kind === "failed") void session.connect();
  }

  open(options: OpenOptions): TerminalSession {
    const session = this.#add(options);
    this.#wake(this.active);
    return session;
  }

  #add(options: OpenOptions): TerminalSession {
    const id = this.#nextId++;
    const title = options.title ?? options.container ?? "bash";
    const session = new TerminalSession({
      label: title,
      connect: (size) => this.#app.bridge.openTerminal({ ...size, ...processOf(options) }),
      onState: () => this.#touch(),
      onFocus: () => {
        this.#focused = id;
      },
      typed: (text) => this.#typed(text),
      onClipboardRequest: (text) =>
        this.#app.toast({
          kind: "info",
          text: `A program in ${title} wants to copy ${text.length} characters to the clipboard.`,
          action: { label: "Copy", run: () => void this.#app.copy(text, "Text") },
        }),
    });
    addContainerLinks(session.terminal, this.#app);
    this.#sessions.set(id, session);
    this.#options.set(id, options);
    this.#asleep.add(id);
    const { active } = this;
    if (options.split === true && active !== undefined)
      this.#set(
        this.#tabs.map((tab) => (tab === active ? { ...tab, sessions: [...tab.sessions, id] } : tab)),
        active.id,
      );
    else this.#set([...this.#tabs, { id, title, sessions: [id] }], id);
    return session;
  }

  /** Re-renders the elements that show a session's state. */
  #touch(): void {
    this.#app.store.set({ terminals: { ...this.#app.store.state.terminals } });
  }

  show(tab: number): void {
    this.#set(this.#tabs, tab);
    this.#wake(this.active);
  }

  focus(): void {
    const id = this.#front;
    if (id !== undefined) this.#sessions.get(id)?.terminal.focus();
  }

  rename(tab: number, title: string): void {
    this.#set(
      this.#tabs.map((each) => (each.id === tab ? { ...each, title } : each)),
      this.#app.store.state.terminals.active,
    );
  }

  restart(session: TerminalSession): void {
    session.terminal.write("\r\n");
    void session.connect();
  }

  close(tab: number): void {
    const index = this.#tabs.findIndex((each) => each.id === tab);
    for (const id of this.#tabs[index]?.sessions ?? []) this.#drop(id);
    const rest = this.#tabs.filter((each) => each.id !== tab);
    const { active } = this.#app.store.state.terminals;
    this.#set(rest, active === tab ? rest[Math.min(index, rest.length - 1)]?.id : active);
  }

  closeSession(id: number): void {
    const tab = this.#tabs.find((each) => each.sessions.includes(id));
    if (tab === undefined) return;
    if (tab.sessions.length === 1) {
      this.close(tab.id);
      return;
    }
    this.#drop(id);
    this.#set(
      this.#tabs.map((each) => (each === tab ? { ...each, sessions: each.sessions.filter((s) => s !== id) } : each)),
      tab.id,
    );
  }

  #drop(id: number): void {
    this.#sessions.get(id)?.dispose();
    this.#sessions.delete(id);
    this.#options.delete(id);
  }

  /** Of the tab in front the terminal that had the focus last, or its first one. */
  get #front(): number | undefined {
    const sessions = this.active?.sessions ?? [];
    return sessions.find((id) => id === this.#focused) ?? sessions[0];
  }

  /** The session that gets what the page types. */
  target(): TerminalSession {
    const front = this.#front;
    const session = front === undefined ? undefined : this.#sessions.get(front);
    return session === undefined || session.state.kind === "ended" ? this.open({}) : session;
  }

  /** The half of a split that had the focus last. */
  closeFront(): void {
    if (this.#front !== undefined) this.closeSession(this.#front);
    this.focus();
  }

  /** The next character typed becomes its control character, and `used` is called; without it Ctrl is let go. */
  holdControl(used: (() => void) | undefined): void {
    this.#control = used;
  }

  /** ECMA-48: the control character of "A" is its code without the upper bits, whoever typed it. */
  #typed(text: string): string {
    if (this.#control === undefined || text.length !== 1) return text;
    this.#control();
    this.#control = undefined;
    return String.fromCharCode(text.toUpperCase().charCodeAt(0) & 31);
  }

  type(text: string): void {
    const session = this.target();
    session.input(text);
    session.terminal.focus();
  }
}

function processOf(options: OpenOptions): { container?: string; command?: readonly string[]; cwd?: string } {
  const { container, command, cwd } = options;
  return {
    ...(container === undefined ? {} : { container, command: command ?? containerShell }),
    ...(container !== undefined || command === undefined ? {} : { command }),
    ...(cwd === undefined ? {} : { cwd }),
  };
}
