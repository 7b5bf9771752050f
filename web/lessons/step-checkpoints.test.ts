import { describe, expect, it, vi } from "vitest";
import { StepCheckpoints } from "./step-checkpoints.ts";

function machine() {
  const kept = new Set<string>();
  const said: string[] = [];
  let made = 0;
  return {
    kept,
    said,
    keeper: {
      takeCheckpoint: async () => {
        const id = `c${++made}`;
        kept.add(id);
        return { id, name: "", at: 0, bytes: 0, automatic: true, stored: false };
      },
      rewind: async (id: string) => {
        if (!kept.has(id)) throw new Error("gone");
        said.push(`rewind ${id}`);
      },
      forgetCheckpoint: async (id: string) => void kept.delete(id),
    },
  };
}

describe("checkpoints of a lesson's steps", () => {
  it("lead back to the start of any step that was opened, also after going back", async () => {
    const { keeper, said } = machine();
    const steps = new StepCheckpoints(() => keeper);
    await steps.take(0, "one");
    await steps.take(1, "two");
    expect([await steps.rewind(0), await steps.rewind(1), await steps.rewind(2)]).toEqual([true, true, false]);
    expect(said).toEqual(["rewind c1", "rewind c2"]);
  });

  it("keep one for each step, and none when the lesson closes", async () => {
    const { keeper, kept } = machine();
    const steps = new StepCheckpoints(() => keeper);
    await steps.take(0, "one");
    await steps.take(0, "one again");
    expect([...kept]).toEqual(["c2"]);
    steps.dispose();
    expect([...kept]).toEqual([]);
  });

  it("keep the place that was left for an earlier step", async () => {
    const { keeper, said } = machine();
    const steps = new StepCheckpoints(() => keeper);
    await steps.take(0, "one");
    expect(steps.has("left")).toBe(false);
    await steps.take("left", "two, half done");
    await steps.rewind(0);
    expect([steps.has("left"), await steps.rewind("left")]).toEqual([true, true]);
    expect(said).toEqual(["rewind c1", "rewind c2"]);
  });

  it("are not waited for longer than a reader waits, and a late one is given back", async () => {
    vi.useFakeTimers();
    const { keeper, kept } = machine();
    let arrive: () => void = () => {};
    const late = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const steps = new StepCheckpoints(() => ({ ...keeper, takeCheckpoint: () => late.then(keeper.takeCheckpoint) }));
    const taking = steps.take(0, "one");
    await vi.advanceTimersByTimeAsync(3000);
    await taking;
    arrive();
    await vi.advanceTimersByTimeAsync(1);
    vi.useRealTimers();
    expect([...kept]).toEqual([]);
    expect(await steps.rewind(0)).toBe(false);
  });

  it("are missed quietly: given up by the machine, refused, or lost with it", async () => {
    const { keeper, kept } = machine();
    let alive = true;
    const steps = new StepCheckpoints(() => {
      if (!alive) throw new Error("no machine");
      return keeper;
    });
    await steps.take(0, "one");
    kept.clear();
    expect(await steps.rewind(0)).toBe(false);
    alive = false;
    await steps.take(0, "one");
    expect(await steps.rewind(0)).toBe(false);
    steps.dispose();
  });
});
