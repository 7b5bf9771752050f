/** What clients see of containers: `docker ps`, `inspect`, `top` and `stats`. */
import type { Image } from "../domains.ts";
import { EngineError } from "../errors.ts";
import type { Container } from "./container.ts";
import type { ContainerDependencies } from "./dependencies.ts";
import { inspectView } from "./inspect.ts";
import { notRunning } from "./lifecycle/not-running.ts";
import { linkNames } from "./links.ts";
import { type Filters, selectContainers, summaryView } from "./list.ts";
import { hasProcess } from "./predicates.ts";
import { measureSizes } from "./sizes.ts";
import { emptySample, type Sample, statsView, takeSample } from "./stats.ts";
import type { ContainerStore } from "./store.ts";
import { listProcesses } from "./top.ts";

export interface ListOptions {
  readonly all: boolean;
  readonly limit?: number | undefined;
  readonly size: boolean;
  readonly filters: Filters;
}

/** By layers and history: images that differ in their configuration alone have the same layers. */
const descends = (image: Image, from: Image): boolean =>
  from.layers.every((layer, i) => image.layers[i] === layer) &&
  from.history.every(({ created_by }, i) => image.history[i]?.created_by === created_by);

/** Between two measurements, as dockerd's collector. */
const sampleInterval = 1000;

export class ContainerViews {
  readonly #d: ContainerDependencies;
  readonly #store: ContainerStore;
  readonly #event: (container: Container, action: string) => void;

  constructor(
    dependencies: ContainerDependencies,
    store: ContainerStore,
    event: (container: Container, action: string) => void,
  ) {
    this.#d = dependencies;
    this.#store = store;
    this.#event = event;
  }

  async list(options: ListOptions): Promise<readonly object[]> {
    const ancestors = await this.#ancestors(options.filters.ancestor);
    const chosen = selectContainers(
      this.#store.all(),
      { all: options.all, limit: options.limit, filters: options.filters },
      {
        find: (reference) => this.#store.find(reference),
        sandbox: (container) => this.#d.networks.sandbox(container.id),
        ancestors,
      },
    );
    const now = this.#d.clock.now().getTime();
    return Promise.all(
      chosen.map(async (c) =>
        summaryView(
          c,
          (await this.#image(c.record.config.Image))?.id,
          this.#d.networks.sandbox(c.id),
          linkNames(this.#store, c),
          now,
          options.size ? await measureSizes(this.#d, c) : undefined,
        ),
      ),
    );
  }

  #image(reference: string): Promise<Image | undefined> {
    return this.#d.images.resolve(reference).catch(() => undefined);
  }

  /** Images that descend from the named ones. */
  async #ancestors(references: readonly string[] | undefined): Promise<ReadonlySet<string> | undefined> {
    if (references === undefined || references.length === 0) return undefined;
    const found = new Set<string>();
    for (const reference of references) {
      const image = await this.#image(reference);
      if (image === undefined) continue;
      found.add(image.id);
      for (const { record } of this.#store.all()) {
        const own = this.#d.images.get(record.image);
        if (own !== undefined && descends(own, image)) found.add(own.id);
      }
    }
    return found;
  }

  async inspect(container: Container, options: { readonly size: boolean }): Promise<object> {
    const image = this.#d.images.get(container.record.image);
    const lowers = image === undefined ? [] : await this.#d.images.mountLayers(image).catch(() => []);
    return inspectView(container, {
      sandbox: this.#d.networks.sandbox(container.id),
      lowers,
      nameOf: (name) => this.#store.find(name)?.name ?? name,
      sizes: options.size ? await measureSizes(this.#d, container) : undefined,
    });
  }

  async top(container: Container, psArgs: string): Promise<object> {
    if (container.state.status === "restarting")
      throw new EngineError("conflict", `Container ${container.id} is restarting, wait until the container is running`);
    if (!hasProcess(container.state)) throw notRunning(container);
    const view = await listProcesses(this.#d.guest, container, psArgs, this.#d.host, this.#d.clock.now());
    this.#event(container, "top");
    return view;
  }

  #sample(container: Container): Promise<Sample> {
    return takeSample(this.#d.guest, container, this.#d.host, this.#d.clock.now());
  }

  /** One measurement; unless `oneShot`, a second one after a second, so that the client can tell the rate. */
  async statsOnce(container: Container, oneShot: boolean): Promise<object> {
    const first = await this.#sample(container);
    if (oneShot || !hasProcess(container.state)) return statsView(container, first, undefined);
    await new Promise<void>((resolve) => void this.#d.clock.after(sampleInterval, resolve));
    return statsView(container, await this.#sample(container), first);
  }

  async *statsStream(container: Container, signal: AbortSignal): AsyncGenerator<object> {
    let previous: Sample | undefined;
    while (!signal.aborted && this.#store.find(container.id) === container) {
      const sample = await this.#sample(container).catch(() => emptySample);
      yield statsView(container, sample, previous);
      previous = sample;
      await new Promise<void>((resolve) => {
        const end = (): void => {
          cancel();
          signal.removeEventListener("abort", end);
          resolve();
        };
        const cancel = this.#d.clock.after(sampleInterval, end);
        signal.addEventListener("abort", end);
      });
    }
  }
}
