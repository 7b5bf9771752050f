import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { capture } from "../../worker/cli/capture.ts";
import { guestFiles } from "../../worker/commands/index.ts";
import { type Drydock, openDrydock } from "../../worker/node.ts";
import { pause, type Ran, type Soaked, type Way } from "./soaked.ts";

/** A Drydock in Node, its storage in a directory. */
export class NodePlayground implements Soaked {
  #state: string;
  #drydock: Drydock;

  private constructor(state: string, drydock: Drydock) {
    this.#state = state;
    this.#drydock = drydock;
  }

  static async open(): Promise<NodePlayground> {
    const state = newState();
    return new NodePlayground(state, await openDrydock({ state, offline: true }));
  }

  docker(...args: readonly string[]): Promise<Ran> {
    const files = guestFiles(this.#drydock.guest, { uid: 1000, gid: 1000 });
    return capture((invocation) => this.#drydock.docker(invocation), args, { files });
  }

  async write(path: string, text: string): Promise<void> {
    this.#drydock.workspace.writeFile(path, new TextEncoder().encode(text));
  }

  async interrupt(way: Way, milliseconds: number): Promise<void> {
    const { checkpoints } = this.#drydock;
    const { id } = await checkpoints.take({ name: "soak", store: way === "stored", automatic: true });
    if (way === "file") {
      const file = await new Response(
        (await checkpoints.export(id)) as ReadableStream<Uint8Array<ArrayBuffer>>,
      ).arrayBuffer();
      await this.close();
      this.#state = newState();
      const content = new Blob([file]).stream();
      this.#drydock = await openDrydock({ state: this.#state, offline: true, from: { kind: "file", content } });
      return;
    }
    await pause(milliseconds);
    if (way === "rewind") {
      await checkpoints.rewind(id);
      await checkpoints.forget(id);
    } else {
      await this.#drydock.close();
      this.#drydock = await openDrydock({ state: this.#state, offline: true, from: { kind: "stored", id } });
    }
  }

  async close(): Promise<void> {
    await this.#drydock.close();
    rmSync(this.#state, { recursive: true, force: true });
  }
}

const newState = (): string => mkdtempSync(join(tmpdir(), "drydock-soak-"));
