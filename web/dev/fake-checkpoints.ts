/** Checkpoints of a machine that is none: the list and its events are real, rewinding changes nothing. */
import type { CheckpointEvent, CheckpointInfo, CheckpointOptions } from "../../worker/protocol/index.ts";
import type { HostCheckpoints } from "../../worker/rpc/host.ts";

export class FakeCheckpoints implements HostCheckpoints {
  readonly #kept = new Map<string, CheckpointInfo>();
  readonly #watchers = new Set<(event: CheckpointEvent) => void>();
  #made = 0;
  #position: string | undefined;

  async list(): Promise<readonly CheckpointInfo[]> {
    return [...this.#kept.values()];
  }

  async stored(): Promise<readonly CheckpointInfo[]> {
    return [];
  }

  async take({ name, automatic = false, store = false }: CheckpointOptions): Promise<CheckpointInfo> {
    const checkpoint: CheckpointInfo = {
      id: `fake${++this.#made}`,
      name,
      at: Date.now(),
      bytes: 4 << 20,
      ...(this.#position === undefined ? {} : { parent: this.#position }),
      automatic,
      stored: store,
    };
    this.#kept.set(checkpoint.id, checkpoint);
    this.#position = checkpoint.id;
    this.#tell({ kind: "taken", checkpoint });
    return checkpoint;
  }

  async rewind(id: string): Promise<CheckpointInfo> {
    const checkpoint = this.#find(id);
    this.#position = id;
    this.#tell({ kind: "rewound", checkpoint });
    return checkpoint;
  }

  async forget(id: string): Promise<void> {
    this.#find(id);
    this.#kept.delete(id);
    this.#tell({ kind: "forgotten", id });
  }

  async export(id: string): Promise<ReadableStream<Uint8Array>> {
    return new Blob([JSON.stringify(this.#find(id))]).stream();
  }

  watch(): ReadableStream<CheckpointEvent> {
    let tell: ((event: CheckpointEvent) => void) | undefined;
    return new ReadableStream({
      start: (controller) => {
        tell = (event) => controller.enqueue(event);
        this.#watchers.add(tell);
      },
      cancel: () => {
        if (tell !== undefined) this.#watchers.delete(tell);
      },
    });
  }

  #find(id: string): CheckpointInfo {
    const found = this.#kept.get(id);
    if (found === undefined) throw { kind: "notFound", message: `No such checkpoint: ${id}`, resource: id };
    return found;
  }

  #tell(event: CheckpointEvent): void {
    for (const watcher of this.#watchers) watcher(event);
  }
}
