/** Several builds on one display: their steps carry the target's name. */
import type { Display, Failure, Message } from "../status.ts";

export class SharedDisplay {
  readonly #display: Display;
  readonly #isNamed: boolean;
  #failure: Failure | undefined;

  /** `named`: whether there is more than one target. */
  constructor(display: Display, named: boolean) {
    this.#display = display;
    this.#isNamed = named;
  }

  of(target: string): Display {
    return {
      message: (message) => this.#display.message(this.#isNamed ? withTarget(message, target) : message),
      end: (failure) => {
        if (failure === undefined || this.#failure !== undefined) return;
        const step = failure.step === undefined || !this.#isNamed ? failure.step : named(failure.step, target);
        this.#failure = step === undefined ? failure : { ...failure, step };
      },
    };
  }

  async close(): Promise<void> {
    await this.#display.end(this.#failure);
  }
}

/** "[internal] x" is "[web internal] x"; what has no brackets gets them. */
const named = (name: string, target: string): string =>
  name.startsWith("[") ? `[${target} ${name.slice(1)}` : `[${target}] ${name}`;

const withTarget = (message: Message, target: string): Message =>
  message.vertexes === undefined
    ? message
    : { ...message, vertexes: message.vertexes.map((vertex) => ({ ...vertex, name: named(vertex.name, target) })) };
