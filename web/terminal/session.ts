/** One xterm.js terminal and the byte streams behind it. It lives as long as its tab, on screen or not. */
import { FitAddon } from "@xterm/addon-fit";
import { type ITheme, Terminal } from "@xterm/xterm";
import type { BridgeTerminal } from "../bridge/client.ts";
import { prefers } from "../shell/theme.ts";
import type { Addons } from "./addons.ts";

export type SessionState =
  | { readonly kind: "waiting" }
  | { readonly kind: "running" }
  | { readonly kind: "ended"; readonly exitCode: number }
  | { readonly kind: "failed"; readonly message: string };

export interface SessionOptions {
  readonly label: string;
  readonly connect: (size: { readonly rows: number; readonly columns: number }) => Promise<BridgeTerminal>;
  readonly onState: () => void;
  readonly onFocus: () => void;
  /** What is sent for what was typed: the bar of keys holds Ctrl down for keyboards that have none. */
  readonly typed: (text: string) => string;
  /** A program asked to put text on the clipboard (OSC 52); a person decides. */
  readonly onClipboardRequest: (text: string) => void;
}

/** More than this unparsed, and the source is made to wait; less, and Ctrl-C comes through a flood at once. */
const unparsedLimit = 128 * 1024;
/** xterm.js looks at the clock between the pieces that it was given, and leaves the frame its time. */
const writePiece = 8 * 1024;
/** A flood gives way to drawing after so many bytes: parsing alone would hold frames back for a tenth of a second. */
const frameBytes = 64 * 1024;

export class TerminalSession {
  readonly element = document.createElement("div");
  readonly terminal: Terminal;
  state: SessionState = { kind: "waiting" };
  readonly #options: SessionOptions;
  readonly #fit = new FitAddon();
  readonly #encoder = new TextEncoder();
  readonly #resize = new ResizeObserver(() => this.fit());
  #wire: BridgeTerminal | undefined;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #typedAhead = "";
  #completing = false;
  #addons: Addons | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.element.className = "screen";
    this.terminal = new Terminal({
      fontFamily:
        '"JetBrains Mono", ui-monospace, SFMono-Regular, Menlo, "Cascadia Mono", "DejaVu Sans Mono", monospace',
      fontSize: 12.5,
      lineHeight: 1.3,
      cursorBlink: false,
      scrollback: 10_000,
      theme: themeFromTokens(),
      // A link that a program names (OSC 8) shows one text and leads elsewhere: only http(s), and never with access to this page.
      linkHandler: { activate: (_, uri) => openLink(uri), allowNonHttpProtocols: false },
      minimumContrastRatio: contrastRatio(),
    });
    this.terminal.loadAddon(this.#fit);
    this.terminal.onData((text) => this.input(this.#options.typed(text)));
    this.element.addEventListener("focusin", () => this.#options.onFocus());
    this.terminal.onBinary((text) => this.#send(Uint8Array.from(text, (char) => char.charCodeAt(0))));
    this.terminal.onResize(({ rows, cols }) => this.#wire?.resize(rows, cols));
  }

  /** Puts the terminal into the page; the first time also into its element. */
  mount(parent: HTMLElement): void {
    if (this.element.parentElement !== parent) parent.append(this.element);
    if (this.terminal.element === undefined) {
      this.terminal.open(this.element);
      this.terminal.textarea?.setAttribute("aria-label", `Terminal ${this.#options.label}`);
    }
    this.#resize.observe(this.element);
    this.fit();
  }

  unmount(): void {
    this.#resize.disconnect();
    this.element.remove();
  }

  fit(): void {
    if (this.element.clientWidth > 0 && this.element.clientHeight > 0) this.#fit.fit();
  }

  async connect(): Promise<void> {
    this.#setState({ kind: "waiting" });
    try {
      const wire = await this.#options.connect({ rows: this.terminal.rows, columns: this.terminal.cols });
      this.#wire = wire;
      this.#writer = wire.writable.getWriter();
      this.#writer.closed.catch(() => {});
      this.#setState({ kind: "running" });
      wire.resize(this.terminal.rows, this.terminal.cols);
      if (this.#typedAhead !== "") this.input(this.#typedAhead);
      this.#typedAhead = "";
      const [exitCode] = await Promise.all([wire.exit, this.#show(wire.readable)]);
      this.#setState({ kind: "ended", exitCode });
    } catch (error) {
      this.#setState({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
    } finally {
      this.#wire = undefined;
      this.#writer = undefined;
    }
  }

  /** Keys, pasted text, a line that the page types. Before the process is there they wait. */
  input(text: string): void {
    if (this.#writer !== undefined) this.#send(this.#encoder.encode(text));
    else if (this.state.kind === "waiting") this.#typedAhead += text;
  }

  #send(bytes: Uint8Array): void {
    this.#writer?.write(bytes).catch(() => {});
  }

  async #show(readable: ReadableStream<Uint8Array>): Promise<void> {
    let unparsed = 0;
    let sinceFrame = 0;
    let wake: (() => void) | undefined;
    const reader = readable.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      void this.#complete();
      for (let at = 0; at < value.byteLength; at += writePiece) {
        const piece = value.subarray(at, at + writePiece);
        unparsed += piece.byteLength;
        this.terminal.write(piece, () => {
          unparsed -= piece.byteLength;
          wake?.();
        });
      }
      sinceFrame += value.byteLength;
      if (sinceFrame >= frameBytes) {
        sinceFrame = 0;
        await nextFrame();
      }
      while (unparsed > unparsedLimit)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }

  #setState(state: SessionState): void {
    this.state = state;
    this.#options.onState();
  }

  async #complete(): Promise<void> {
    if (this.#completing) return;
    this.#completing = true;
    const { addTo } = await import("./addons.ts");
    this.#addons = addTo(this.terminal, {
      onLink: openLink,
      onClipboardRequest: (text) => this.#options.onClipboardRequest(text),
    });
  }

  retheme(): void {
    this.terminal.options.theme = themeFromTokens();
    this.terminal.options.minimumContrastRatio = contrastRatio();
  }

  /** The screen and some lines above it, as text that brings them back; undefined before anything was shown. */
  serialize(scrollback: number): string | undefined {
    return this.#addons?.serialize(scrollback);
  }

  /** What the screen shows, without trailing blanks. */
  screenText(): string {
    const { buffer, rows } = this.terminal;
    const lines: string[] = [];
    for (let row = 0; row < rows; row += 1)
      lines.push(buffer.active.getLine(buffer.active.viewportY + row)?.translateToString(true) ?? "");
    return lines.join("\n").trimEnd();
  }

  /** All that was shown, scrolled away or not, up to the cursor; a line that was wrapped is one. */
  textToCursor(): string {
    const { active } = this.terminal.buffer;
    const last = active.baseY + active.cursorY;
    let text = "";
    for (let row = 0; row <= last; row += 1) {
      const line = active.getLine(row);
      if (row > 0 && line?.isWrapped !== true) text += "\n";
      const wraps = active.getLine(row + 1)?.isWrapped === true;
      const end = row === last ? active.cursorX : undefined;
      text += line?.translateToString(!wraps && end === undefined, 0, end) ?? "";
    }
    return text;
  }

  dispose(): void {
    this.#wire?.close();
    this.unmount();
    this.terminal.dispose();
  }
}

/** A page in the background gets no frames, and goes on without. */
function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => resolve());
    setTimeout(resolve, document.hidden ? 0 : 250);
  });
}

function openLink(uri: string): void {
  if (/^https?:\/\//i.test(uri)) open(uri, "_blank", "noopener,noreferrer");
}

/** WCAG's AA, and AAA where more contrast is wanted. */
const contrastRatio = (): number => (prefers("contrast") ? 7 : 4.5);

function themeFromTokens(): ITheme {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    background: token("term-bg"),
    foreground: token("term-fg"),
    cursor: token("term-cursor"),
    cursorAccent: token("term-bg"),
    selectionBackground: token("term-select"),
    black: token("ansi-black"),
    red: token("ansi-red"),
    green: token("ansi-green"),
    yellow: token("ansi-yellow"),
    blue: token("ansi-blue"),
    magenta: token("ansi-magenta"),
    cyan: token("ansi-cyan"),
    white: token("ansi-white"),
    brightBlack: token("ansi-bright-black"),
    brightRed: token("ansi-bright-red"),
    brightGreen: token("ansi-bright-green"),
    brightYellow: token("ansi-bright-yellow"),
    brightBlue: token("ansi-bright-blue"),
    brightMagenta: token("ansi-bright-magenta"),
    brightCyan: token("ansi-bright-cyan"),
    brightWhite: token("ansi-bright-white"),
  };
}
