/**
 * `--progress plain`: the steps' lines, numbered (BuildKit's util/progress/progressui). What has come in a tenth of a second is printed
 * together, step by step, so that steps that run side by side do not cut each other up: what has ended comes first, then the step that is
 * shown already, and another one only when that one is over, or has had its time.
 */
import type { Output } from "../session/output.ts";
import {
  bytesText,
  cancelled,
  type Display,
  decodeText,
  type Failure,
  isCancelled,
  type Message,
  seconds,
  type Vertex,
} from "./status.ts";

interface Step {
  vertex: Vertex;
  /** Of when it was first printed. */
  number: number;
  finished: boolean;
  /** Lines that are not printed yet. */
  waiting: string[];
  /** What has come of an unfinished line of its output. */
  rest: string;
  /** Its output, for when it fails. */
  readonly output: string[];
}

export interface PlainClock {
  /** Milliseconds. */
  now(): number;
  after(milliseconds: number): Promise<void>;
}

const batch = 100;
/** BuildKit's antiFlicker: how long a step is shown while others have something to say. */
const turn = 5000;

export class PlainDisplay implements Display {
  readonly #out: Output;
  readonly #clock: PlainClock;
  readonly #steps = new Map<string, Step>();
  #builder: string;
  /** Nothing is printed yet. */
  #isBlank: boolean;
  #count = 0;
  #current: Step | undefined;
  #since = 0;
  #isScheduled = false;
  #isEnded = false;

  /** `builder`: named in a line before the first step's; "" leaves it out. */
  constructor(out: Output, builder: string, clock: PlainClock) {
    this.#out = out;
    this.#clock = clock;
    this.#isBlank = builder === "";
    this.#builder = builder;
  }

  async message({ vertexes, statuses, logs, warnings }: Message): Promise<void> {
    if (this.#builder !== "") {
      this.#out.print(`#0 building with "${this.#builder}" instance using docker driver\n`);
      await this.#out.flush();
    }
    this.#builder = "";
    for (const vertex of vertexes ?? []) this.#step(vertex).vertex = vertex;
    for (const { vertex, id, current, completed } of statuses ?? [])
      if (completed !== undefined)
        this.#steps.get(vertex)?.waiting.push(`${id}${current > 0 ? ` ${bytesText(current)}` : ""} done`);
    for (const { vertex, data, timestamp } of logs ?? []) {
      const step = this.#steps.get(vertex);
      if (step !== undefined) log(step, decodeText(data), timestamp);
    }
    for (const { vertex, short } of warnings ?? []) this.#steps.get(vertex)?.waiting.push(`WARN: ${decodeText(short)}`);
    this.#schedule();
  }

  async abandon(): Promise<void> {
    const now = new Date(this.#clock.now()).toISOString();
    for (const step of this.#steps.values()) step.vertex = cancelled(step.vertex, now);
    await this.#close();
  }

  async #close(): Promise<void> {
    this.#isEnded = true;
    for (const step of this.#steps.values()) endLine(step, step.vertex.completed ?? step.vertex.started ?? "");
    this.#print();
    for (const step of this.#steps.values()) if (step.waiting.length > 0) this.#show(step);
    await this.#out.flush();
  }

  async end(failure: Failure | undefined): Promise<void> {
    await this.#close();
    const failed = [...this.#steps.values()].find(({ vertex }) => vertex.name === failure?.step);
    if (failure?.step !== undefined)
      this.#out.print(
        `------\n > ${failure.step}:\n${(failed?.output ?? []).map((line) => `${line}\n`).join("")}------\n`,
      );
    await this.#out.flush();
  }

  #step(vertex: Vertex): Step {
    let step = this.#steps.get(vertex.digest);
    if (step === undefined) {
      step = { vertex, number: 0, finished: false, waiting: [], rest: "", output: [] };
      this.#steps.set(vertex.digest, step);
    }
    return step;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    void this.#clock.after(batch).then(async () => {
      if (this.#isEnded) return;
      this.#isScheduled = false;
      this.#print();
      // Whoever has gone away needs no lines.
      await this.#out.flush().catch(() => undefined);
    });
  }

  /** textMux.print */
  #print(): void {
    const steps = [...this.#steps.values()];
    const ended = steps.filter(({ vertex, finished }) => vertex.completed !== undefined && !finished);
    ended.sort((a, b) => order(a, this.#current) - order(b, this.#current) || compareTimes(a, b));
    for (const step of ended) this.#show(step);
    for (const step of steps) if (step.finished && step.waiting.length > 0) this.#show(step);
    const open = steps.filter(({ vertex, finished }) => vertex.started !== undefined && !finished);
    const others = open.filter((step) => step !== this.#current && step.waiting.length > 0);
    if (this.#current !== undefined) this.#show(this.#current);
    const isOver = this.#current === undefined || this.#clock.now() - this.#since > turn;
    const next = isOver ? (others[0] ?? (this.#current === undefined ? open[0] : undefined)) : undefined;
    if (next !== undefined) this.#show(next);
  }

  /** textMux.printVtx */
  #show(step: Step): void {
    if (step !== this.#current) {
      if (this.#current !== undefined) this.#out.line(`#${this.#current.number} ...`);
      if (step.number === 0) step.number = ++this.#count;
      this.#out.line(`${this.#isBlank ? "" : "\n"}#${step.number} ${step.vertex.name}`);
      this.#isBlank = false;
      this.#current = step;
      this.#since = this.#clock.now();
    }
    if (step.vertex.completed !== undefined && !step.finished) {
      endLine(step, step.vertex.completed);
      step.waiting.push(ending(step.vertex));
      step.finished = true;
    }
    for (const line of step.waiting) this.#out.line(`#${step.number} ${line}`);
    step.waiting = [];
    if (step.finished) this.#current = undefined;
  }
}

const order = (step: Step, current: Step | undefined): number => (step === current ? 0 : 1);
const compareTimes = ({ vertex: a }: Step, { vertex: b }: Step): number =>
  Date.parse(a.completed ?? "") - Date.parse(b.completed ?? "");

function ending({ started = "", completed = "", cached, error }: Vertex): string {
  if (error !== undefined) return isCancelled(error) ? "CANCELED" : `ERROR: ${error}`;
  return cached === true ? "CACHED" : `DONE ${seconds(started, completed).toFixed(1)}s`;
}

function log(step: Step, text: string, time: string): void {
  const lines = (step.rest + text).split("\n");
  step.rest = lines.pop() ?? "";
  for (const line of lines) addLine(step, line, time);
}
function endLine(step: Step, time: string): void {
  if (step.rest !== "") addLine(step, step.rest, time);
  step.rest = "";
}
function addLine(step: Step, line: string, time: string): void {
  const text = `${seconds(step.vertex.started ?? time, time).toFixed(3)} ${line.replace(/\r$/, "")}`;
  step.output.push(text);
  step.waiting.push(text);
}
