/**
 * The playgrounds of this browser, as the page works with them. A copy of the one that runs here comes from its machine, which goes on; of
 * any other from its storage.
 */
import * as Comlink from "comlink";
import {
  BridgeError,
  defaultPlayground,
  type Outcome,
  type PlaygroundInfo,
  type PlaygroundsService,
  portReadable,
  portWritable,
  unwrap,
} from "../../worker/protocol/index.ts";
import type { App } from "../app.ts";
import { createPlaygroundsWorker } from "../bridge/worker-factory.ts";
import { errorText } from "../engine/engine.ts";
import { spacedSize } from "../engine/format.ts";
import { addressOf } from "../state/playground.ts";
import { receive } from "./receive.ts";

export class Playgrounds {
  readonly #app: App;
  readonly #service: Comlink.Remote<PlaygroundsService>;
  readonly #lost: Promise<never>;

  constructor(app: App) {
    this.#app = app;
    const worker = createPlaygroundsWorker();
    this.#service = Comlink.wrap<PlaygroundsService>(worker);
    this.#lost = new Promise((_, reject) =>
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        reject(
          new BridgeError({ kind: "download", message: event.message || "A part of the page could not be loaded." }),
        );
      }),
    );
    this.#lost.catch(() => {});
  }

  async #ask<T>(answer: Promise<Outcome<T>>): Promise<T> {
    return unwrap(await Promise.race([answer, this.#lost]));
  }

  async refresh(): Promise<void> {
    try {
      const list = await this.#ask(this.#service.list());
      const quota = await navigator.storage?.estimate?.().catch(() => undefined);
      this.#app.store.set({ playgrounds: { list, quota, failure: undefined } });
    } catch (error) {
      this.#app.store.set({ playgrounds: { list: [], quota: undefined, failure: errorText(error) } });
    }
  }

  /** The machine of this one has just started. */
  async touch(id: string): Promise<void> {
    await this.#ask(this.#service.touch(id)).catch(() => {});
    await this.refresh();
  }

  open(id: string): void {
    location.href = addressOf(id);
  }

  async create(name: string): Promise<void> {
    await this.#do("The playground could not be made", async () => {
      const { id } = await this.#ask(this.#service.create(name));
      this.open(id);
    });
  }

  async rename({ id }: PlaygroundInfo, name: string): Promise<void> {
    await this.#do("The name could not be changed", () => this.#ask(this.#service.rename(id, name)));
  }

  async duplicate(playground: PlaygroundInfo, name: string): Promise<void> {
    await this.#do("The copy could not be made", async () => {
      this.#say(`Copying ${playground.name} …`);
      if (this.#runsHere(playground)) await this.#import(await this.#app.bridge.exportPlayground(name));
      else await this.#ask(this.#service.duplicate(playground.id, name));
      this.#say(`${name} is a copy of ${playground.name}.`);
    });
  }

  async save(playground: PlaygroundInfo): Promise<void> {
    await this.#do("The file could not be made", async () => {
      this.#say(`Packing ${playground.name} …`);
      const file = this.#runsHere(playground)
        ? await this.#app.bridge.exportPlayground(playground.name)
        : portReadable<Uint8Array>(await this.#ask(this.#service.exportFile(playground.id)));
      const bytes = await receive(`${playground.id}.drydock.tgz`, file);
      if (bytes !== undefined) this.#say(`${playground.name} is saved: ${spacedSize(bytes)}.`);
    });
  }

  async openFile(file: File): Promise<void> {
    await this.#do(file.name, async () => {
      this.#say(`Reading ${file.name}: ${spacedSize(file.size)} …`);
      const { name, id } = await this.#import(file.stream());
      this.#app.toast({
        kind: "info",
        lasting: true,
        text: `${name} is here, every digest verified.`,
        action: { label: "Open", run: () => this.open(id) },
      });
    });
  }

  async remove(playground: PlaygroundInfo): Promise<void> {
    await this.#do("The playground could not be deleted", async () => {
      if (playground.id === this.#app.options.playground) await this.#app.shutDown();
      await this.#ask(this.#service.remove(playground.id));
      if (playground.id === this.#app.options.playground) this.open(defaultPlayground);
    });
  }

  #runsHere({ id }: PlaygroundInfo): boolean {
    return id === this.#app.options.playground && this.#app.store.state.machine.kind === "running";
  }

  async #import(file: ReadableStream<Uint8Array>): Promise<PlaygroundInfo> {
    const { port1, port2 } = new MessageChannel();
    file.pipeTo(portWritable<Uint8Array>(port1)).catch(() => {});
    return await this.#ask(this.#service.importFile(Comlink.transfer(port2, [port2])));
  }

  #say(text: string): void {
    this.#app.toast({ kind: "info", text });
  }

  async #do(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#app.toast({ kind: "bad", text: `${what}: ${errorText(error)}` });
    }
    await this.refresh();
  }
}
