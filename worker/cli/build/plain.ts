/** `--progress plain`: every step's lines as they come, numbered (BuildKit's util/progress/progressui). */
import type { Output } from "../session/output.ts";
import { bytesText, type Display, decodeText, type Failure, type Message, seconds, type Vertex } from "./status.ts";

interface Shown {
  readonly number: number;
  vertex: Vertex;
  announced: boolean;
  finished: boolean;
  /** What has come of an unfinished line. */
  rest: string;
  readonly lines: string[];
}

export class PlainDisplay implements Display {
  readonly #out: Output;
  readonly #steps = new Map<string, Shown>();
  #current: Shown | undefined;
  /** Nothing is printed yet. */
  #isBlank: boolean;
  #builder: string;

  /** `builder`: named in a line before the first step's; "" leaves it out. */
  constructor(out: Output, builder: string) {
    this.#out = out;
    this.#isBlank = builder === "";
    this.#builder = builder;
  }

  async message({ vertexes, statuses, logs, warnings }: Message): Promise<void> {
    if (this.#builder !== "") this.#out.print(`#0 building with "${this.#builder}" instance using docker driver\n`);
    this.#builder = "";
    for (const vertex of vertexes ?? []) {
      const step = this.#step(vertex);
      step.vertex = vertex;
      if (vertex.started !== undefined) this.#announce(step);
      if (vertex.completed !== undefined) this.#finish(step);
    }
    for (const { vertex, id, current, completed } of statuses ?? []) {
      const step = this.#steps.get(vertex);
      if (step === undefined || completed === undefined) continue;
      this.#announce(step);
      this.#out.line(`#${step.number} ${id}${current > 0 ? ` ${bytesText(current)}` : ""} done`);
    }
    for (const { vertex, data, timestamp } of logs ?? []) {
      const step = this.#steps.get(vertex);
      if (step !== undefined) this.#log(step, decodeText(data), timestamp);
    }
    for (const { vertex, short } of warnings ?? []) {
      const step = this.#steps.get(vertex);
      if (step === undefined) continue;
      this.#announce(step);
      this.#out.line(`#${step.number} WARN: ${decodeText(short)}`);
    }
    await this.#out.flush();
  }

  end(failure: Failure | undefined): void {
    for (const step of this.#steps.values()) this.#endLine(step, step.vertex.completed ?? step.vertex.started ?? "");
    if (failure?.step === undefined) return;
    const step = [...this.#steps.values()].find(({ vertex }) => vertex.name === failure.step);
    this.#out.print(`------\n > ${failure.step}:\n${(step?.lines ?? []).map((line) => `${line}\n`).join("")}------\n`);
  }

  #step(vertex: Vertex): Shown {
    let step = this.#steps.get(vertex.digest);
    if (step === undefined) {
      step = { number: this.#steps.size + 1, vertex, announced: false, finished: false, rest: "", lines: [] };
      this.#steps.set(vertex.digest, step);
    }
    return step;
  }

  #announce(step: Shown): void {
    if (this.#current === step) return;
    if (this.#current !== undefined && !this.#current.finished) this.#out.line(`#${this.#current.number} ...`);
    this.#current = step;
    this.#out.line(`${this.#isBlank ? "" : "\n"}#${step.number} ${step.vertex.name}`);
    this.#isBlank = false;
  }

  #finish(step: Shown): void {
    if (step.finished) return;
    const { started = "", completed = "", cached, error } = step.vertex;
    this.#endLine(step, completed);
    this.#announce(step);
    step.finished = true;
    if (error !== undefined) this.#out.line(`#${step.number} ERROR: ${error}`);
    else if (cached === true) this.#out.line(`#${step.number} CACHED`);
    else this.#out.line(`#${step.number} DONE ${seconds(started, completed).toFixed(1)}s`);
  }

  #log(step: Shown, text: string, time: string): void {
    const lines = (step.rest + text).split("\n");
    step.rest = lines.pop() ?? "";
    for (const line of lines) this.#line(step, line, time);
  }
  #endLine(step: Shown, time: string): void {
    if (step.rest !== "") this.#line(step, step.rest, time);
    step.rest = "";
  }
  #line(step: Shown, line: string, time: string): void {
    this.#announce(step);
    const text = `${seconds(step.vertex.started ?? time, time).toFixed(3)} ${line.replace(/\r$/, "")}`;
    step.lines.push(text);
    this.#out.line(`#${step.number} ${text}`);
  }
}
