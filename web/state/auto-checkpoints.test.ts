import { describe, expect, it } from "vitest";
import type { CheckpointInfo } from "../../worker/protocol/index.ts";
import { AutoCheckpoints } from "./auto-checkpoints.ts";

function setting(options: { readonly fails?: boolean } = {}) {
  let now = 0;
  let pending: { readonly at: number; readonly work: () => void } | undefined;
  const state = { running: 1, taken: 0 };
  const auto = new AutoCheckpoints({
    running: () => state.running,
    clock: {
      now: () => now,
      after: (ms, work) => {
        pending = { at: now + ms, work };
        return () => {
          pending = undefined;
        };
      },
    },
    keeper: {
      takeCheckpoint: async ({ name, automatic, store }) => {
        expect({ automatic, store }).toEqual({ automatic: true, store: true });
        if (options.fails === true) throw new Error("an image is being built");
        state.taken += 1;
        return { id: String(state.taken), name, at: now, bytes: 1, automatic, stored: store } satisfies CheckpointInfo;
      },
    },
  });
  const pass = async (ms: number): Promise<void> => {
    now += ms;
    if (pending === undefined || pending.at > now) return;
    const { work } = pending;
    pending = undefined;
    work();
    await Promise.resolve();
  };
  return { auto, state, pass };
}
const start = { Type: "container", Action: "start" } as const;

describe("checkpoints that nobody asked for", () => {
  it("are taken when containers have been quiet for a while", async () => {
    const { auto, state, pass } = setting();
    auto.onEvent(start);
    await pass(4000);
    auto.onEvent({ Type: "container", Action: "die" });
    await pass(4000);
    expect(state.taken).toBe(0);
    await pass(3000);
    expect(state.taken).toBe(1);
    expect(auto.last?.id).toBe("1");
  });

  it("are a minute apart", async () => {
    const { auto, state, pass } = setting();
    auto.onEvent(start);
    await pass(7000);
    auto.onEvent(start);
    await pass(20_000);
    expect(state.taken).toBe(1);
    await pass(40_000);
    expect(state.taken).toBe(2);
  });

  it("are not taken where no container runs, or for what is no container's coming or going", async () => {
    const { auto, state, pass } = setting();
    state.running = 0;
    auto.onEvent(start);
    await pass(10_000);
    state.running = 1;
    auto.onEvent({ Type: "image", Action: "pull" });
    auto.onEvent({ Type: "container", Action: "exec_start" });
    await pass(100_000);
    expect(state.taken).toBe(0);
  });

  it("leave the one before when one cannot be taken", async () => {
    const { auto, pass } = setting({ fails: true });
    auto.onEvent(start);
    await pass(7000);
    expect(auto.last).toBeUndefined();
  });
});
