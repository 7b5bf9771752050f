/** What is told of a container's changes: events, the record in the store, and the work that goes on behind an answer. */
import { Background } from "../../background.ts";
import type { Container } from "../container.ts";
import type { ContainerDependencies } from "../dependencies.ts";
import type { ContainerStore } from "../store.ts";
import { formatTime } from "../times.ts";

export class Reports {
  readonly #d: Pick<ContainerDependencies, "events" | "clock">;
  readonly #store: ContainerStore;
  readonly #background = new Background();

  constructor(dependencies: Pick<ContainerDependencies, "events" | "clock">, store: ContainerStore) {
    this.#d = dependencies;
    this.#store = store;
  }

  event(container: Container, action: string, extra: Readonly<Record<string, string>> = {}): void {
    this.#d.events.publish("container", action, container.id, container.eventAttributes(extra));
  }

  /** One a mount of a named volume; a mount tells where it is, as dockerd's does. */
  volumeEvents(container: Container, action: "mount" | "unmount"): void {
    for (const mount of container.record.mounts) {
      if (mount.Type !== "volume") continue;
      const extra =
        action === "mount"
          ? { destination: mount.Destination, propagation: mount.Propagation, "read/write": String(mount.RW) }
          : {};
      this.#d.events.publish("volume", action, mount.Name ?? "", {
        container: container.id,
        driver: mount.Driver ?? "local",
        ...extra,
      });
    }
  }

  now(): string {
    return formatTime(this.#d.clock.now());
  }

  /** Behind the answer: what a client need not wait for. */
  saveLater(container: Container): void {
    this.later(this.#store.save(container));
  }

  later(work: Promise<unknown>): void {
    this.#background.later(work);
  }

  idle(): Promise<void> {
    return this.#background.settled();
  }
}
