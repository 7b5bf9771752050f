import { describe, expect, it } from "vitest";
import { Heartbeat } from "./heartbeat.ts";

function setUp(answers: boolean) {
  let now = 0;
  const lost: number[] = [];
  const busy: boolean[] = [];
  const beat = new Heartbeat({
    ping: () => (answers ? Promise.resolve(true) : new Promise(() => {})),
    onLost: (ms) => lost.push(ms),
    onBusy: (state) => busy.push(state),
    intervalMs: 1000,
    patienceMs: 5000,
    now: () => now,
  });
  const pass = async (ms: number): Promise<void> => {
    now += ms;
    beat.beat();
    await Promise.resolve();
  };
  return { lost, busy, pass };
}

describe("the heartbeat", () => {
  it("takes a Worker for lost that has not answered within the patience", async () => {
    const { lost, pass } = setUp(false);
    for (let second = 0; second < 5; second += 1) await pass(1000);
    expect(lost).toEqual([]);
    await pass(1000);
    expect(lost).toEqual([5000]);
  });

  it("says that one is busy whose answer is overdue", async () => {
    const { busy, pass } = setUp(false);
    await pass(1000);
    await pass(1000);
    expect(busy).toEqual([]);
    await pass(1000);
    expect(busy).toEqual([true]);
  });

  it("never loses one that answers", async () => {
    const { lost, pass } = setUp(true);
    for (let second = 0; second < 60; second += 1) await pass(1000);
    expect(lost).toEqual([]);
  });

  it("does not count the hour that a laptop slept", async () => {
    const { lost, pass } = setUp(false);
    await pass(1000);
    await pass(3_600_000);
    expect(lost).toEqual([]);
  });
});
