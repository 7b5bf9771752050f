/**
 * A process's output on its way to those who want it: the log and every attached client. A client that reads slowly holds the
 * process back (as a full pipe does), a client that has gone does not.
 */
import type { Clock } from "../ports/host.ts";
import type { StreamName } from "./stdcopy.ts";

export type OutputListener = (stream: StreamName, data: Uint8Array) => void | Promise<void>;

const patience = 2000;

export class Output {
  readonly #listeners = new Set<OutputListener>();
  readonly #endings = new Set<() => void>();
  #delivering = 0;
  #delivered = 0;
  #pumps: Promise<unknown> = Promise.resolve();

  /** Returns what takes the listener off again. `ended` is called when no more output will come. */
  listen(listener: OutputListener, ended: () => void = () => {}): () => void {
    this.#listeners.add(listener);
    this.#endings.add(ended);
    return () => {
      this.#listeners.delete(listener);
      this.#endings.delete(ended);
    };
  }

  /** Before all others: the log has a line before any client sees it. */
  listenFirst(listener: OutputListener): void {
    const others = [...this.#listeners];
    this.#listeners.clear();
    this.#listeners.add(listener);
    for (const other of others) this.#listeners.add(other);
  }

  /** Reads the streams of one run to their ends. */
  pump(streams: Readonly<Partial<Record<StreamName, ReadableStream<Uint8Array> | undefined>>>): void {
    this.#delivered = 0;
    const names: readonly StreamName[] = ["stdout", "stderr"];
    this.#pumps = Promise.all(
      names.map(async (name) => {
        const stream = streams[name];
        if (stream === undefined) return;
        const reader = stream.getReader();
        try {
          for (;;) {
            const { done, value } = await reader.read();
            if (done) return;
            this.#delivering++;
            await this.#deliver(name, value);
            this.#delivering--;
            this.#delivered++;
          }
        } catch {
          // The machine is gone; the exit tells.
        }
      }),
    );
  }

  /** Until something has been written, nothing more will be, or the time is up. */
  async first(clock: Clock, milliseconds: number): Promise<void> {
    if (this.#delivered > 0) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        cancel();
        unlisten();
        resolve();
      };
      const cancel = clock.after(milliseconds, () => done());
      const unlisten = this.listen(done, done);
    });
  }

  /**
   * When all output of the present run has been delivered. Something else may hold the pipe open after the process has ended: after
   * two seconds (moby's patience) without a byte, and no client that still has to take one, that is all.
   */
  async drained(clock: Clock): Promise<void> {
    for (;;) {
      const before = this.#delivered;
      let cancel = (): void => {};
      const waited = new Promise<"waited">((resolve) => {
        cancel = clock.after(patience, () => resolve("waited"));
      });
      const first = await Promise.race([this.#pumps, waited]);
      cancel();
      if (first !== "waited" || (this.#delivering === 0 && this.#delivered === before)) return;
    }
  }

  async #deliver(stream: StreamName, data: Uint8Array): Promise<void> {
    let waits: Promise<void>[] | undefined;
    for (const listener of this.#listeners) {
      const wait = listener(stream, data);
      if (wait !== undefined) {
        waits ??= [];
        waits.push(wait);
      }
    }
    if (waits !== undefined) await Promise.all(waits);
  }

  /** Tells every listener that the run is over and lets go of them, but the log's keeper may stay by listening again. */
  end(): void {
    const endings = [...this.#endings];
    this.#endings.clear();
    this.#listeners.clear();
    for (const ended of endings) ended();
  }
}
