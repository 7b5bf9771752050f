/** The page's one store. Elements read it through a {@link StoreController}, which re-renders them when their part changes. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

export interface Disposable {
  dispose(): void;
}

export class Store<T extends object> {
  #state: T;
  readonly #listeners = new Set<() => void>();

  constructor(initial: T) {
    this.#state = initial;
  }

  get state(): T {
    return this.#state;
  }

  set(change: Partial<T>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of [...this.#listeners]) listener();
  }

  subscribe(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }
}

/** Keeps `value` at what `select` gives, and asks its element for an update when that changes (by identity). */
export class StoreController<T extends object, V> implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #store: () => Store<T>;
  readonly #select: (state: T) => V;
  #subscription: Disposable | undefined;
  #value: V | undefined;

  constructor(host: ReactiveControllerHost, store: () => Store<T>, select: (state: T) => V) {
    this.#host = host;
    this.#store = store;
    this.#select = select;
    host.addController(this);
  }

  get value(): V {
    return this.#select(this.#store().state);
  }

  hostConnected(): void {
    this.#value = this.value;
    this.#subscription = this.#store().subscribe(() => {
      const next = this.value;
      if (Object.is(next, this.#value)) return;
      this.#value = next;
      this.#host.requestUpdate();
    });
  }

  hostDisconnected(): void {
    this.#subscription?.dispose();
  }
}
