/** The live view on a terminal: one line a step, the running one's last output under it, drawn over and over. */
import type { Output } from "../session/output.ts";
import {
  bytesText,
  cancelled,
  type Display,
  decodeText,
  type Failure,
  isCancelled,
  type Message,
  type Status,
  seconds,
  type Vertex,
} from "./status.ts";

interface Shown {
  vertex: Vertex;
  readonly parts: Map<string, Status>;
  readonly warnings: string[];
  log: string;
}
const logLines = 6;
/** Milliseconds. A picture every 60 is enough for an eye, and cheap for a slow machine; seconds go on without news. */
const soonest = 60;
const tick = 150;

/** Wall clock in milliseconds since 1970, and what resolves after some. */
export interface LiveClock {
  now(): number;
  after(milliseconds: number): Promise<void>;
}

const blue = (text: string): string => `\x1b[34m${text}\x1b[0m`;
const yellow = (text: string): string => `\x1b[33m${text}\x1b[0m`;
const red = (text: string): string => `\x1b[31m${text}\x1b[0m`;

export class LiveDisplay implements Display {
  readonly #out: Output;
  readonly #size: { readonly rows: number; readonly columns: number };
  readonly #clock: LiveClock;
  readonly #steps = new Map<string, Shown>();
  readonly #start: number;
  #drawn = 0;
  #last = 0;
  #state: "new" | "ticking" | "ended" = "new";

  constructor(out: Output, size: { readonly rows: number; readonly columns: number }, clock: LiveClock) {
    this.#out = out;
    this.#size = size;
    this.#clock = clock;
    this.#start = clock.now();
  }

  async message({ vertexes, statuses, logs, warnings }: Message): Promise<void> {
    for (const vertex of vertexes ?? []) {
      const known = this.#steps.get(vertex.digest);
      if (known === undefined) this.#steps.set(vertex.digest, { vertex, parts: new Map(), warnings: [], log: "" });
      else known.vertex = vertex;
    }
    for (const status of statuses ?? []) this.#steps.get(status.vertex)?.parts.set(status.id, status);
    for (const { vertex, data } of logs ?? []) {
      const step = this.#steps.get(vertex);
      if (step !== undefined) step.log += decodeText(data);
    }
    for (const { vertex, short } of warnings ?? []) this.#steps.get(vertex)?.warnings.push(decodeText(short));
    if (this.#state === "new") {
      this.#state = "ticking";
      void this.#goOn();
    }
    if (this.#clock.now() - this.#last >= soonest) await this.#picture();
  }

  end(failure: Failure | undefined): void {
    this.#state = "ended";
    this.#draw(true, failure);
    if (failure?.step === undefined) return;
    const step = [...this.#steps.values()].find(({ vertex }) => vertex.name === failure.step);
    this.#out.print(
      `------\n > ${failure.step}:\n${step?.log ?? ""}${step?.log.endsWith("\n") === false ? "\n" : ""}------\n`,
    );
  }

  abandon(): void {
    const now = new Date(this.#clock.now()).toISOString();
    for (const step of this.#steps.values()) step.vertex = cancelled(step.vertex, now);
    this.#state = "ended";
    this.#draw(true, undefined);
  }

  /** Whoever closes the terminal ends the build; here it only ends the pictures. */
  async #goOn(): Promise<void> {
    try {
      for (;;) {
        await this.#clock.after(tick);
        if (this.#state === "ended") return;
        if (this.#clock.now() - this.#last >= tick) await this.#picture();
      }
    } catch {
      this.#state = "ended";
    }
  }

  async #picture(): Promise<void> {
    this.#draw(false, undefined);
    await this.#out.flush();
  }

  #draw(finished: boolean, failure: Failure | undefined): void {
    this.#last = this.#clock.now();
    const lines = this.#lines(finished, failure).slice(finished ? 0 : -Math.max(2, this.#size.rows - 1));
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A\x1b[J` : "";
    this.#out.print(`\x1b[?25l${up}${lines.map((line) => `${line}\n`).join("")}\x1b[?25h`);
    this.#drawn = lines.length;
  }

  #lines(finished: boolean, failure: Failure | undefined): readonly string[] {
    const steps = [...this.#steps.values()].filter(({ vertex }) => vertex.started !== undefined);
    const done = steps.filter(({ vertex }) => vertex.completed !== undefined).length;
    const state = !finished ? "" : failure === undefined ? " FINISHED" : " ERROR";
    const total = ((this.#clock.now() - this.#start) / 1000).toFixed(1);
    const head = this.#row(`[+] Building ${total}s (${done}/${steps.length})${state}`, "docker:default");
    return [finished && failure === undefined ? blue(head) : head, ...steps.flatMap((step) => this.#step(step))];
  }

  #step({ vertex, parts, warnings, log }: Shown): readonly string[] {
    const { name, started = "", completed } = vertex;
    const now = completed ?? new Date(this.#clock.now()).toISOString();
    const time = `${Math.max(0, seconds(started, now)).toFixed(1)}s`;
    const [state, color] = looks(vertex);
    const lines = [color(this.#row(` => ${state}${name}`, time))];
    for (const { id, current } of parts.values())
      lines.push(color(this.#row(` => => ${id}${current > 0 ? ` ${bytesText(current)}` : ""}`, "0.0s")));
    for (const warning of warnings) lines.push(yellow(this.#row(` => WARN: ${warning}`, "0.0s")));
    if (completed === undefined && log !== "")
      for (const line of log.trimEnd().split("\n").slice(-logLines)) lines.push(this.#cut(` => => # ${clean(line)}`));
    return lines;
  }

  #row(left: string, right: string): string {
    const width = Math.max(20, this.#size.columns);
    const room = width - right.length - 1;
    const text = clean(left);
    const shown = text.length > room ? `${text.slice(0, Math.max(0, room - 3))}...` : text;
    return `${shown.padEnd(room)} ${right}`;
  }
  #cut(text: string): string {
    return text.slice(0, Math.max(10, this.#size.columns - 1));
  }
}

function looks({ completed, cached, error }: Vertex): readonly [state: string, color: (text: string) => string] {
  if (error !== undefined) return isCancelled(error) ? ["CANCELED ", yellow] : ["ERROR ", red];
  return [cached === true ? "CACHED " : "", completed === undefined ? (text) => text : blue];
}

/** What a program prints must not move the cursor of the picture. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out.
const clean = (text: string): string => text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "").replace(/[\x00-\x1f\x7f]/g, " ");
