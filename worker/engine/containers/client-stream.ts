/** A byte stream to a client, fed by pushes: accepts without waiting up to a limit, then makes the source wait. */
const buffered = 1 << 20;

export class ClientStream {
  readonly readable: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #room: (() => void) | undefined;
  #waiting: Promise<void> | undefined;

  /** `cancelled` is called when the client goes. */
  constructor(cancelled: () => void) {
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#release(),
        cancel: () => {
          this.#controller = undefined;
          this.#release();
          cancelled();
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: buffered }),
    );
  }

  push(data: Uint8Array): void | Promise<void> {
    const controller = this.#controller;
    if (controller === undefined) return;
    controller.enqueue(data);
    if ((controller.desiredSize ?? 0) > 0) return;
    this.#waiting ??= new Promise((resolve) => {
      this.#room = resolve;
    });
    return this.#waiting;
  }

  end(): void {
    const controller = this.#controller;
    this.#controller = undefined;
    this.#release();
    controller?.close();
  }

  fail(error: unknown): void {
    const controller = this.#controller;
    this.#controller = undefined;
    this.#release();
    controller?.error(error);
  }

  #release(): void {
    this.#room?.();
    this.#room = undefined;
    this.#waiting = undefined;
  }
}
