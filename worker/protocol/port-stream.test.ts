import { describe, expect, it } from "vitest";
import { BridgeError, PortSender, portReadable, portWritable, toWireError } from "./index.ts";

const bytes = (length: number, fill = 1): Uint8Array => new Uint8Array(length).fill(fill);
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe("a stream over a port", () => {
  it("hands values over in order and ends", async () => {
    const { port1, port2 } = new MessageChannel();
    const writer = portWritable<number>(port1).getWriter();
    const reader = portReadable<number>(port2).getReader();
    void writer
      .write(1)
      .then(() => writer.write(2))
      .then(() => writer.close());
    expect(await reader.read()).toEqual({ done: false, value: 1 });
    expect(await reader.read()).toEqual({ done: false, value: 2 });
    expect(await reader.read()).toEqual({ done: true, value: undefined });
  });

  it("makes the writer wait when the reader does not read", async () => {
    const { port1, port2 } = new MessageChannel();
    const readable = portReadable<Uint8Array>(port2, { window: 1000 });
    const writer = portWritable<Uint8Array>(port1).getWriter();
    let written = 0;
    void (async () => {
      for (let count = 0; count < 10; count += 1) {
        await writer.write(bytes(400));
        written += 1;
      }
      await writer.close();
    })();
    await turn();
    expect(written).toBeLessThan(5);
    expect((await new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>).bytes()).length).toBe(4000);
    expect(written).toBe(10);
  });

  it("sends a part of a buffer without the rest of it", async () => {
    const { port1, port2 } = new MessageChannel();
    const whole = bytes(100_000, 7);
    const writer = portWritable<Uint8Array>(port1).getWriter();
    const reader = portReadable<Uint8Array>(port2).getReader();
    void writer.write(whole.subarray(10, 20));
    const { value } = await reader.read();
    expect(value?.buffer.byteLength).toBe(10);
    expect(whole.length).toBe(100_000);
    await reader.cancel();
  });

  it("tells the reader why the writer failed", async () => {
    const { port1, port2 } = new MessageChannel();
    const writer = portWritable<number>(port1).getWriter();
    const reader = portReadable<number>(port2).getReader();
    void writer.abort({ kind: "notFound", message: "No such container: web", resource: "web" });
    await expect(reader.read()).rejects.toMatchObject({ kind: "notFound", resource: "web" });
  });

  it("ends the writer when the reader cancels", async () => {
    const { port1, port2 } = new MessageChannel();
    const writer = portWritable<number>(port1).getWriter();
    const readable = portReadable<number>(port2);
    await readable.cancel();
    await expect(writer.closed).rejects.toBeInstanceOf(BridgeError);
  });

  it("fails on both sides when the signal aborts", async () => {
    const { port1, port2 } = new MessageChannel();
    const lost = new AbortController();
    const writer = portWritable<number>(port1, { signal: lost.signal }).getWriter();
    const reader = portReadable<number>(port2, { signal: lost.signal }).getReader();
    const reading = reader.read();
    lost.abort(new BridgeError({ kind: "workerLost", message: "gone" }));
    await expect(reading).rejects.toMatchObject({ kind: "workerLost" });
    await expect(writer.closed).rejects.toMatchObject({ kind: "workerLost" });
  });

  it("lets a feed see that there is no room", async () => {
    const { port1, port2 } = new MessageChannel();
    const sender = new PortSender<number>(port1);
    expect(sender.ready).toBe(false);
    const reader = portReadable<number>(port2, { window: 2 }).getReader();
    await turn();
    sender.send(1);
    sender.send(2);
    expect(sender.ready).toBe(false);
    await reader.read();
    await turn();
    expect(sender.ready).toBe(true);
    await reader.cancel();
  });
});

describe("errors as data", () => {
  it("keeps kind, message and resource", () => {
    expect(toWireError({ kind: "conflict", message: "in use", resource: "web" })).toEqual({
      kind: "conflict",
      message: "in use",
      resource: "web",
    });
  });

  it("takes an error of unknown kind for a system error, and an abort for a cancellation", () => {
    expect(toWireError(new TypeError("x is undefined"))).toEqual({ kind: "system", message: "x is undefined" });
    expect(toWireError(new DOMException("stop", "AbortError")).kind).toBe("cancelled");
    expect(toWireError("text")).toEqual({ kind: "system", message: "text" });
  });
});
