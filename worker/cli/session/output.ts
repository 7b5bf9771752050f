/** One of the two output streams: text is gathered and written in large pieces, in order. */
export class Output {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly isTerminal: boolean;
  #pending: string[] = [];
  #size = 0;
  #broken = false;
  readonly #onBroken: () => void;

  /** `onBroken`: the reader went away (`docker ps | head -1`). */
  constructor(stream: WritableStream<Uint8Array>, isTerminal: boolean, onBroken: () => void) {
    this.#writer = stream.getWriter();
    this.isTerminal = isTerminal;
    this.#onBroken = onBroken;
    this.#writer.closed.catch(() => this.#fail());
  }

  /** Queues text; it is written at the latest when the command ends. */
  print(text: string): void {
    this.#pending.push(text);
    this.#size += text.length;
    if (this.#size > 32_768) this.#drain();
  }
  line(text: string): void {
    this.print(`${text}\n`);
  }

  /** Writes bytes after everything queued, and waits until the stream takes more. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#drain();
    if (this.#broken) return;
    await this.#writer.ready;
    this.#writer.write(bytes).catch(() => this.#fail());
  }

  /** Everything queued is with the stream. */
  async flush(): Promise<void> {
    this.#drain();
    if (!this.#broken) await this.#writer.ready.catch(() => this.#fail());
  }

  /** Waits until the stream has taken everything, and leaves it to its owner. */
  async end(): Promise<void> {
    if (this.#size > 0 && !this.#broken) await this.#writer.write(this.#take()).catch(() => this.#fail());
    else if (!this.#broken) await this.#writer.ready.catch(() => this.#fail());
    this.#writer.releaseLock();
  }

  #take(): Uint8Array {
    const bytes = encoder.encode(this.#pending.join(""));
    this.#pending = [];
    this.#size = 0;
    return bytes;
  }
  #drain(): void {
    if (this.#size === 0) return;
    const bytes = this.#take();
    if (!this.#broken) this.#writer.write(bytes).catch(() => this.#fail());
  }
  #fail(): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#onBroken();
  }
}
const encoder = new TextEncoder();
