/**
 * The page's side of the soak in a browser: talks to the site's own Worker as the page does. Bundled and put into a page of the site, where
 * it stands as `soak`.
 */
import * as Comlink from "comlink";
import {
  type DockerRun,
  type Outcome,
  portReadable,
  portWritable,
  type StartOptions,
  unwrap,
  type WorkerService,
} from "../../worker/protocol/index.ts";
import type { Way } from "./soaked.ts";

const bytesOf = async (port: MessagePort): Promise<Blob> =>
  await new Response(portReadable<Uint8Array<ArrayBuffer>>(port)).blob();

export class PageDriver {
  #worker!: Worker;
  #service!: Comlink.Remote<WorkerService>;
  #program = "";
  #playgrounds = 0;

  async start(program: string): Promise<void> {
    this.#program = program;
    await this.#open({ playground: `soak${++this.#playgrounds}` }, []);
  }

  async #open(options: StartOptions, transfer: Transferable[]): Promise<void> {
    this.#worker = new Worker(this.#program, { type: "module" });
    this.#service = Comlink.wrap<WorkerService>(this.#worker);
    const { port2 } = new MessageChannel();
    const started = this.#service.start(Comlink.transfer(port2, [port2]), Comlink.transfer(options, transfer));
    unwrap((await started) as Outcome<unknown>);
  }

  async docker(args: readonly string[]): Promise<DockerRun> {
    return unwrap((await this.#service.runDocker(args)) as Outcome<DockerRun>);
  }

  async write(path: string, text: string): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    void new Blob([text]).stream().pipeTo(portWritable<Uint8Array>(port1));
    unwrap((await this.#service.writeFile(path, Comlink.transfer(port2, [port2]))) as Outcome<void>);
  }

  async interrupt(way: Way, milliseconds: number): Promise<void> {
    const options = { name: "soak", store: way === "stored", automatic: true };
    const { id } = unwrap(await this.#service.takeCheckpoint(options));
    if (way === "file") {
      const file = await bytesOf(unwrap(await this.#service.exportCheckpoint(id)) as MessagePort);
      this.#worker.terminate();
      const { port1, port2 } = new MessageChannel();
      void file.stream().pipeTo(portWritable<Uint8Array>(port1));
      const from = { kind: "file" as const, content: port2 };
      await this.#open({ playground: `soak${++this.#playgrounds}`, from }, [port2]);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    if (way === "rewind") {
      unwrap(await this.#service.rewind(id));
      unwrap(await this.#service.forgetCheckpoint(id));
    } else {
      this.#worker.terminate();
      await this.#open({ playground: `soak${this.#playgrounds}`, from: { kind: "stored", id } }, []);
    }
  }
}

(globalThis as { soak?: PageDriver }).soak = new PageDriver();
