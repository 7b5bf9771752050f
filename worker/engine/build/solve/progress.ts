/** What a build tells while it runs: BuildKit's status records, in the form in which `--progress rawjson` prints them. */
import type { Clock, Randomness } from "../../ports/host.ts";
import type { LintWarning } from "../dockerfile/index.ts";
import { digestText } from "../files/digest.ts";

export interface VertexRecord {
  readonly digest: string;
  readonly name: string;
  readonly started?: string;
  readonly completed?: string;
  readonly cached?: boolean;
  readonly error?: string;
}
export interface StatusRecord {
  readonly id: string;
  readonly vertex: string;
  /** What is done, where there is a word for it. */
  readonly name?: string;
  readonly current: number;
  readonly total?: number;
  readonly timestamp: string;
  readonly started: string;
  readonly completed?: string;
}
export interface LogRecord {
  readonly vertex: string;
  readonly stream: 1 | 2;
  /** Base64. */
  readonly data: string;
  readonly timestamp: string;
}
export interface WarningRecord {
  readonly vertex: string;
  readonly level: number;
  /** Base64, as the texts of `detail`. */
  readonly short: string;
  readonly detail: readonly string[];
  readonly url: string;
  readonly sourceInfo: { readonly filename: string; readonly data: string };
  readonly range: readonly { readonly start: { readonly line: number }; readonly end: { readonly line: number } }[];
}
export interface StatusUpdate {
  readonly vertexes?: readonly VertexRecord[];
  readonly statuses?: readonly StatusRecord[];
  readonly logs?: readonly LogRecord[];
  readonly warnings?: readonly WarningRecord[];
}

export const toBase64 = (bytes: Uint8Array): string => {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
};
const textBase64 = (text: string): string => toBase64(new TextEncoder().encode(text));

export class BuildProgress {
  readonly #emit: (update: StatusUpdate) => void;
  readonly #clock: Clock;
  #next = 0;
  readonly #seed: string;

  constructor(emit: (update: StatusUpdate) => void, clock: Clock, randomness: Randomness) {
    this.#emit = emit;
    this.#clock = clock;
    this.#seed = toBase64(randomness.bytes(12));
  }

  now(): string {
    return this.#clock.now().toISOString();
  }

  /** A step that waits: it is shown when it starts. */
  vertex(name: string): Vertex {
    return new Vertex(
      digestText(`${this.#seed} ${this.#next++}`),
      name,
      (update) => this.#emit(update),
      () => this.now(),
    );
  }

  warn(vertex: Vertex, warning: LintWarning, file: { readonly name: string; readonly text: string }): void {
    this.#emit({
      warnings: [
        {
          vertex: vertex.digest,
          level: 1,
          short: textBase64(`${warning.rule}: ${warning.message} (line ${warning.range.start})`),
          detail: [textBase64(warning.description)],
          url: warning.url,
          sourceInfo: { filename: file.name, data: textBase64(file.text) },
          range: [{ start: { line: warning.range.start }, end: { line: warning.range.end } }],
        },
      ],
    });
  }
}

/** What BuildKit's solver puts before a step's own error, which names the step anyway. */
const solversWords = /^(failed to (compute|load) cache key: |(\S+: )?failed to resolve source metadata for \S+: )/;

export class Vertex {
  readonly digest: string;
  readonly name: string;
  readonly #emit: (update: StatusUpdate) => void;
  readonly #now: () => string;
  #started: string | undefined;

  constructor(digest: string, name: string, emit: (update: StatusUpdate) => void, now: () => string) {
    this.digest = digest;
    this.name = name;
    this.#emit = emit;
    this.#now = now;
  }

  start(): this {
    this.#started ??= this.#now();
    this.#send({});
    return this;
  }
  done(): void {
    this.#send({ completed: this.#now() });
  }
  cached(): void {
    const now = this.#now();
    this.#started ??= now;
    this.#send({ completed: now, cached: true });
  }
  failed(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#send({ completed: this.#now(), error: message.replace(solversWords, "") });
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    this.start();
    try {
      const result = await work();
      this.done();
      return result;
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  log(stream: 1 | 2, data: Uint8Array): void {
    this.#emit({ logs: [{ vertex: this.digest, stream, data: toBase64(data), timestamp: this.#now() }] });
  }

  /** A part of the step, from its start to its end. */
  async part<T>(id: string, work: () => Promise<T>, current: (result: T) => number = () => 0): Promise<T> {
    const started = this.#now();
    const base = { id, vertex: this.digest, ...(id.startsWith("transferring ") ? { name: "transferring" } : {}) };
    this.#emit({ statuses: [{ ...base, current: 0, timestamp: started, started }] });
    const result = await work();
    const now = this.#now();
    this.#emit({ statuses: [{ ...base, current: current(result), timestamp: now, started, completed: now }] });
    return result;
  }

  #send(change: Partial<VertexRecord>): void {
    const { digest, name } = this;
    const started = this.#started;
    this.#emit({ vertexes: [{ digest, name, ...(started === undefined ? {} : { started }), ...change }] });
  }
}
