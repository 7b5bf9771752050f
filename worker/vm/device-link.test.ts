import { describe, expect, it } from "vitest";
import { DeviceLink } from "./device-link.ts";

function guest(buffers: number) {
  const taken: number[] = [];
  const state = { buffers };
  const link = new DeviceLink({
    ready: () => state.buffers > 0,
    write: (bytes) => {
      state.buffers--;
      taken.push(...bytes);
    },
  });
  return { link, taken, state };
}

describe("the link to a device", () => {
  it("keeps what the guest has no buffer for, in order, until it has", () => {
    const { link, taken, state } = guest(1);
    for (const byte of [1, 2, 3]) link.send(Uint8Array.of(byte));
    expect(taken).toEqual([1]);
    expect(link.pendingInput.length).toBe(2);
    state.buffers = 5;
    link.flush();
    expect(taken).toEqual([1, 2, 3]);
  });

  it("hands output on after the emulator has returned, also to a subscriber who comes later", async () => {
    const { link } = guest(0);
    const seen: number[] = [];
    link.receive(Uint8Array.of(1));
    const end = link.onData((bytes) => seen.push(...bytes));
    link.receive(Uint8Array.of(2));
    expect(seen).toEqual([]);
    await Promise.resolve();
    expect(seen).toEqual([1, 2]);
    end();
    link.receive(Uint8Array.of(3));
    await Promise.resolve();
    expect(seen).toEqual([1, 2]);
  });

  it("forgets what was on its way when its machine becomes another one", async () => {
    const { link, taken, state } = guest(0);
    link.send(Uint8Array.of(1));
    link.receive(Uint8Array.of(9));
    link.reset([Uint8Array.of(7)]);
    state.buffers = 5;
    link.flush();
    const seen: number[] = [];
    link.onData((bytes) => seen.push(...bytes));
    await Promise.resolve();
    expect([taken, seen]).toEqual([[7], []]);
  });
});
