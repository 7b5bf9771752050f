/** Keeps the page's lists and gauges as the engine has them, for as long as the machine runs. */
import type { Bridge } from "../bridge/client.ts";
import { Engine } from "../engine/engine.ts";
import { readMachineMemory } from "../engine/machine-memory.ts";
import type { EventMessage, Network, VersionInfo, Volume } from "../engine/types.ts";
import { type ListName, Mirror } from "./mirror.ts";
import type { PageStore } from "./page-state.ts";
import { VitalsWatch } from "./vitals.ts";

/** How old "Up 5 seconds" may be. */
const statusAgesMs = 10_000;
/** How long after a change memory and storage are looked at: what is under way has the machine first. */
const vitalsPauseMs = 1000;

export interface Following {
  readonly onEvent: (event: EventMessage) => void;
  /** Once the containers are listed for the first time. */
  readonly onFirstList: () => void;
}

/** Resolves when the bridge is lost; rejects when the engine cannot be followed while it is not. */
export async function followEngine(
  bridge: Bridge,
  store: PageStore,
  { onEvent, onFirstList }: Following,
): Promise<void> {
  const engine = new Engine(bridge);
  let listed = false;
  const vitals = new VitalsWatch(
    {
      read: async () => ({
        memory: await readMachineMemory(bridge),
        storage: await navigator.storage?.estimate?.().catch(() => undefined),
      }),
      pause: () => new Promise((resolve) => setTimeout(resolve, vitalsPauseMs)),
    },
    (vitals) => store.set({ vitals }),
  );
  const mirror = new Mirror(
    { events: () => bridge.events(), list: (name) => listOf(engine, name) },
    {
      signal: bridge.lost,
      onList: (lists) => {
        store.set(lists);
        vitals.refresh();
        if (lists.containers === undefined || listed) return;
        listed = true;
        onFirstList();
      },
      onEvent,
    },
  );
  try {
    const version = await engine.get<VersionInfo>("/version");
    store.set({ engineVersion: version.Version, apiVersion: version.ApiVersion });
    const clock = setInterval(() => {
      if (document.hidden) return;
      mirror.refresh("containers");
      vitals.refresh();
    }, statusAgesMs);
    bridge.lost.addEventListener("abort", () => clearInterval(clock), { once: true });
    await mirror.run();
  } catch (error) {
    if (!bridge.lost.aborted) throw error;
  }
}

async function listOf(engine: Engine, name: ListName) {
  switch (name) {
    case "containers":
      return await engine.get<never>("/containers/json?all=1");
    case "images":
      return await engine.get<never>("/images/json");
    case "networks":
      return await engine.get<readonly Network[]>("/networks");
    case "volumes":
      return (await engine.get<{ readonly Volumes: readonly Volume[] | null }>("/volumes")).Volumes ?? [];
  }
}
