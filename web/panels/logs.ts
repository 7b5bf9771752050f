import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { errorText } from "../engine/engine.ts";
import { type LogLine, LogParser } from "../engine/log-stream.ts";
import { saveFile } from "../files/save-file.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";

/** More lines than this are kept by the engine, not by the page. */
const keptLines = 5000;

/** A container's log: followed, searched, selected, saved. Lines are text, whatever they hold. */
export class Logs extends LightElement {
  static override properties = {
    container: {},
    label: {},
    lines: { state: true },
    query: { state: true },
    follow: { state: true },
    times: { state: true },
    failure: { state: true },
  };
  declare container: string;
  declare label: string;
  declare lines: readonly LogLine[];
  declare query: string;
  declare follow: boolean;
  declare times: boolean;
  declare failure: string | undefined;
  #stop: AbortController | undefined;
  #showing = "";
  #top = 0;

  constructor() {
    super();
    this.lines = [];
    this.query = "";
    this.follow = true;
    this.times = false;
  }

  override disconnectedCallback(): void {
    this.#stop?.abort();
    this.#showing = "";
    super.disconnectedCallback();
  }

  protected override updated(): void {
    const wanted = `${this.container} ${this.times}`;
    if (this.#showing !== wanted) {
      this.#showing = wanted;
      void this.#read();
    }
    const view = this.querySelector(".logview");
    if (this.follow && view !== null) view.scrollTop = view.scrollHeight;
  }

  async #read(): Promise<void> {
    this.#stop?.abort();
    const stop = new AbortController();
    this.#stop = stop;
    this.lines = [];
    this.failure = undefined;
    try {
      const { parser, reader } = await this.#open(`follow=1&tail=${keptLines}`, stop.signal);
      let waiting: LogLine[] = [];
      // A flood of lines is drawn once a frame.
      const draw = (): void => {
        if (stop.signal.aborted || waiting.length === 0) return;
        this.lines = [...this.lines, ...waiting].slice(-keptLines);
        waiting = [];
      };
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        if (waiting.length === 0) requestAnimationFrame(draw);
        waiting.push(...parser.push(value));
      }
      waiting.push(...parser.end());
      draw();
    } catch (error) {
      if (!stop.signal.aborted) this.failure = errorText(error);
    }
  }

  async #open(query: string, signal: AbortSignal) {
    const { Config } = await this.app.engine.get<{ readonly Config?: { readonly Tty?: boolean } }>(
      `/containers/${this.container}/json`,
      signal,
    );
    const times = this.times ? "&timestamps=1" : "";
    const path = `/containers/${this.container}/logs?stdout=1&stderr=1&${query}${times}`;
    const reader = (await this.app.engine.bytes(path, signal)).getReader();
    signal.addEventListener("abort", () => void reader.cancel().catch(() => {}), { once: true });
    return { parser: new LogParser(Config?.Tty !== true), reader };
  }

  protected override render(): TemplateResult {
    const shown =
      this.query === ""
        ? this.lines
        : this.lines.filter(({ text }) => text.toLowerCase().includes(this.query.toLowerCase()));
    return html`
      <div class="toolbar">
        <input class="input" type="search" aria-label="Search the log" placeholder="Search" .value=${this.query} @input=${(
          event: Event,
        ) => {
          this.query = (event.target as HTMLInputElement).value;
        }} />
        <span class="sub num">${this.query === "" ? `${this.lines.length === keptLines ? "the last " : ""}${this.lines.length} lines` : `${shown.length} of ${this.lines.length} lines`}</span>
        <span class="spacer"></span>
        <label class="check"><input type="checkbox" .checked=${this.times} @change=${(event: Event) => {
          this.times = (event.target as HTMLInputElement).checked;
        }} />Times</label>
        <label class="check"><input type="checkbox" .checked=${this.follow} @change=${(event: Event) => {
          this.follow = (event.target as HTMLInputElement).checked;
        }} />Follow</label>
        <button class="ib s" aria-label="Save the log" title="Save the log" @click=${this.#save}>${icon("download")}</button>
      </div>
      ${this.failure === undefined ? nothing : html`<div class="pad"><div class="note bad">${icon("warn")}<p>${this.failure}</p></div></div>`}
      ${
        this.lines.length === 0 && this.failure === undefined
          ? html`<div class="empty"><p>${this.label} has written nothing to its log.</p></div>`
          : html`<div class="logview" tabindex="0" role="log" aria-live="off" aria-label="Log of ${this.label}" @scroll=${this.#scrolled}>${repeat(
              shown,
              (line) => line,
              (line) =>
                html`<div class=${line.stream === "stderr" ? "err" : ""}>${line.text === "" ? " " : this.#marked(line.text)}</div>`,
            )}</div>`
      }`;
  }

  /** By wheel, keys or the bar: who goes up reads, who comes to the end follows. */
  readonly #scrolled = (event: Event): void => {
    const { scrollTop, scrollHeight, clientHeight } = event.currentTarget as HTMLElement;
    const atEnd = scrollHeight - clientHeight - scrollTop < 4;
    // Lines that have just come are scrolled to in the next update, not by the person.
    if (atEnd || scrollTop < this.#top) this.follow = atEnd;
    this.#top = scrollTop;
  };

  #marked(text: string): TemplateResult | string {
    const at = this.query === "" ? -1 : text.toLowerCase().indexOf(this.query.toLowerCase());
    if (at < 0) return text;
    const end = at + this.query.length;
    return html`${text.slice(0, at)}<mark>${text.slice(at, end)}</mark>${text.slice(end)}`;
  }

  /** All that the engine has, which may be more than the page shows. */
  readonly #save = async (): Promise<void> => {
    try {
      const { parser, reader } = await this.#open("tail=all", this.#stop?.signal ?? new AbortController().signal);
      const parts: string[] = [];
      const take = (lines: readonly LogLine[]) => void parts.push(lines.map(({ text }) => `${text}\n`).join(""));
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        take(parser.push(value));
      }
      take(parser.end());
      saveFile(`${this.label}.log`, new Blob(parts, { type: "text/plain" }));
    } catch (error) {
      this.app.toast({ kind: "bad", text: `The log could not be saved: ${errorText(error)}` });
    }
  };
}
customElements.define("dd-logs", Logs);
