/** Standard input of a process that may not have started yet: what clients send waits for it, in order. */
export class StandardInput {
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #opened: Promise<void>;
  #open: () => void = () => {};

  constructor() {
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  connect(stdin: WritableStream<Uint8Array> | undefined): void {
    this.#writer = stdin?.getWriter();
    this.#writer?.closed.catch(() => {});
    this.#open();
  }

  /** A program that has closed its input, or ended, takes nothing and disturbs nobody. */
  async write(data: Uint8Array): Promise<void> {
    await this.#opened;
    await this.#writer?.write(data).catch(() => {});
  }

  async close(): Promise<void> {
    await this.#opened;
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.close().catch(() => {});
  }
}
