import { describe, expect, it } from "vitest";
import { Unpacker, type UnpackerMessage, type UnpackerThread } from "./unpacker.ts";

/** A thread that answers as it is told to. */
class Thread implements UnpackerThread {
  onmessage: UnpackerThread["onmessage"] = null;
  onerror: UnpackerThread["onerror"] = null;
  readonly asked: unknown[] = [];
  ended = false;

  postMessage(url: unknown): void {
    this.asked.push(url);
  }

  terminate(): void {
    this.ended = true;
  }

  says(...messages: readonly UnpackerMessage[]): void {
    for (const data of messages) this.onmessage?.call(this as unknown as Worker, new MessageEvent("message", { data }));
  }
}

const content = (...bytes: readonly number[]): UnpackerMessage => ({ type: "content", bytes: Uint8Array.from(bytes) });

function unpacker() {
  const threads: Thread[] = [];
  const made = new Unpacker(() => {
    const thread = new Thread();
    threads.push(thread);
    return thread;
  });
  return { made, threads };
}

async function all(source: AsyncIterable<Uint8Array>): Promise<number[]> {
  const bytes: number[] = [];
  for await (const chunk of source) bytes.push(...chunk);
  return bytes;
}

describe("a packed file", () => {
  it("comes from a thread that has been started before, and ends with its file", async () => {
    const { made, threads } = unpacker();
    expect(threads.length).toBe(1);
    const bytes = all(made.unpack("state.zst"));
    threads[0]?.says(content(1, 2), content(3), { type: "end" });
    expect(await bytes).toEqual([1, 2, 3]);
    expect(threads).toMatchObject([{ asked: ["state.zst"], ended: true }]);
  });

  it("says how much of it has arrived", async () => {
    const { made, threads } = unpacker();
    const seen: number[][] = [];
    made.onProgress = (...progress) => seen.push(progress);
    const bytes = all(made.unpack("state.zst"));
    threads[0]?.says({ type: "progress", loaded: 5, total: 9 }, { type: "end" });
    expect(await bytes).toEqual([]);
    expect(seen).toEqual([[5, 9]]);
  });

  it("beside another one has a thread of its own", async () => {
    const { made, threads } = unpacker();
    const both = Promise.all([all(made.unpack("a")), all(made.unpack("b"))]);
    threads[1]?.says(content(2), { type: "end" });
    threads[0]?.says(content(1), { type: "end" });
    expect(await both).toEqual([[1], [2]]);
  });

  it("fails as its thread says, and ends it", async () => {
    const { made, threads } = unpacker();
    const bytes = all(made.unpack("state.zst"));
    threads[0]?.says({ type: "failed", kind: "download", message: "The machine's memory could not be downloaded." });
    await expect(bytes).rejects.toMatchObject({ name: "MachineError", kind: "download" });
    expect(threads[0]?.ended).toBe(true);
  });

  it("fails where the thread does not start", async () => {
    const { made, threads } = unpacker();
    const bytes = all(made.unpack("state.zst"));
    threads[0]?.onerror?.call(threads[0] as unknown as Worker, { message: "" } as ErrorEvent);
    await expect(bytes).rejects.toThrow("The program that unpacks the machine did not start");
  });
});
