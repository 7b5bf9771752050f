import { describe, expect, it } from "vitest";
import { type Vitals, VitalsWatch } from "./vitals.ts";

function setUp(read: () => Promise<Vitals>) {
  const shown: Vitals[] = [];
  const pauses: (() => void)[] = [];
  const watch = new VitalsWatch(
    { read, pause: () => new Promise((resolve) => pauses.push(resolve)) },
    (vitals) => void shown.push(vitals),
  );
  const settled = () => new Promise((resolve) => setTimeout(resolve));
  return {
    watch,
    shown,
    async paused(): Promise<void> {
      pauses.shift()?.();
      await settled();
    },
    waiting: () => pauses.length,
  };
}

describe("what is used of memory and storage", () => {
  it("is read once for a burst of changes, and again for one that comes while it is read", async () => {
    let used = 0;
    const { watch, shown, paused, waiting } = setUp(async () => {
      used += 1;
      if (used === 1) watch.refresh();
      return { storage: { usage: used } };
    });
    for (let change = 0; change < 5; change += 1) watch.refresh();
    await paused();
    expect(shown).toEqual([{ storage: { usage: 1 } }]);
    await paused();
    expect(shown).toHaveLength(2);
    expect(waiting()).toBe(0);
  });

  it("is read again after a read that failed", async () => {
    let fails = true;
    const { watch, shown, paused } = setUp(async () => {
      if (fails) throw new Error("no machine");
      return {};
    });
    watch.refresh();
    await paused();
    fails = false;
    watch.refresh();
    await paused();
    expect(shown).toEqual([{}]);
  });
});
