/** The docker lines that the page's actions stand for, newest last. */
import type { PageStore } from "./page-state.ts";

const kept = 200;

export class CommandLog {
  readonly #store: PageStore;
  #nextId = 1;

  constructor(store: PageStore) {
    this.#store = store;
  }

  /** A line that runs elsewhere, in a terminal. */
  note(line: string): void {
    this.#add(line, "done");
  }

  /** A line that runs from here on, until what it answers is called. */
  begin(line: string): (state: "done" | "failed", message?: string) => void {
    const id = this.#add(line, "running");
    return (state, message) =>
      this.#store.set({
        commands: this.#store.state.commands.map((entry) =>
          entry.id === id ? { ...entry, state, ...(message === undefined ? {} : { message }) } : entry,
        ),
      });
  }

  #add(line: string, state: "running" | "done"): number {
    const id = this.#nextId++;
    const commands = this.#store.state.commands.slice(1 - kept);
    this.#store.set({ commands: [...commands, { id, line, at: Date.now(), state }] });
    return id;
  }
}
