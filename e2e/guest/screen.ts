/** A terminal that is read as a person reads it. */
import type { HostTerminal } from "../../worker/rpc/host.ts";

const patience = 30_000;

export class Screen {
  #shown = "";
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #changed: () => void = () => undefined;

  constructor(terminal: HostTerminal) {
    this.#writer = terminal.writable.getWriter();
    void terminal.readable
      .pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>)
      .pipeTo(
        new WritableStream({
          write: (text) => {
            this.#shown += text;
            this.#changed();
          },
        }),
      );
  }

  /** What was shown before is not looked at any more. */
  type(text: string): Promise<void> {
    this.#shown = "";
    return this.#writer.write(new TextEncoder().encode(text));
  }

  async sees(wanted: RegExp): Promise<string> {
    const deadline = AbortSignal.timeout(patience);
    while (!wanted.test(this.#shown)) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
        deadline.addEventListener("abort", () => resolve(), { once: true });
      });
      if (deadline.aborted) throw new Error(`the terminal does not show ${wanted}, but ${JSON.stringify(this.#shown)}`);
    }
    return this.#shown;
  }
}
