/**
 * A step's two streams as one log. Programs write a line in pieces (busybox's `sh -x` its line end alone), and what they wrote to the other
 * stream afterwards may arrive in between: it waits for the line's end, though not for long, since a prompt has none.
 */
import type { Clock } from "../../ports/host.ts";

type Stream = 1 | 2;
type Output = (stream: Stream, data: Uint8Array) => void;

const patience = 50;
const lineEnd = 10;

export class WholeLines {
  readonly #output: Output;
  readonly #clock: Pick<Clock, "after">;
  /** Whose unfinished line stands at the log's end. */
  #unfinished: Stream | undefined;
  /** Of the other stream. */
  #held: (readonly [Stream, Uint8Array])[] = [];
  #cancel: (() => void) | undefined;

  constructor(output: Output, clock: Pick<Clock, "after">) {
    this.#output = output;
    this.#clock = clock;
  }

  write(stream: Stream, data: Uint8Array): void {
    if (this.#unfinished !== undefined && this.#unfinished !== stream) {
      this.#held.push([stream, data]);
      this.#cancel ??= this.#clock.after(patience, () => this.flush());
      return;
    }
    this.#put(stream, data);
    if (this.#unfinished === undefined) this.flush();
  }

  /** What waits is told now. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const held = this.#held;
    this.#held = [];
    for (const [stream, data] of held) this.#put(stream, data);
  }

  #put(stream: Stream, data: Uint8Array): void {
    if (data.length === 0) return;
    this.#output(stream, data);
    this.#unfinished = data.at(-1) === lineEnd ? undefined : stream;
  }
}
