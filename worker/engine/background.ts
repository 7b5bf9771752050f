/** Work that nobody waits for. What fails has nobody to go to: a machine that is lost takes it along. */
export class Background {
  readonly #work = new Set<Promise<unknown>>();

  later(work: Promise<unknown>): void {
    const tracked = work.catch(() => {}).finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
  }

  /** Until all of it is done, and what it has begun in turn. */
  async settled(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }
}
