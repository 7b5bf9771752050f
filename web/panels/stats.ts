/** Live statistics of running containers, shared by all that show them; a stream runs only while somebody looks. */
import type { App } from "../app.ts";
import type { ContainerStats } from "../engine/types.ts";

export interface Sample {
  /** Percent of one processor, as `docker stats` prints it. */
  readonly cpu: number;
  /** Bytes without the page cache that can be given back. */
  readonly memory: number;
  readonly memoryLimit: number;
  readonly pids: number;
  readonly received: number;
  readonly sent: number;
}

const kept = 60;

/** `calculateCPUPercentUnix` and `calculateMemUsageUnixNoCache` of the docker CLI. */
export function sampleOf(stats: ContainerStats): Sample {
  const { cpu_stats: now, precpu_stats: before, memory_stats: memory } = stats;
  const cpuDelta = now.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const systemDelta = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  const cpu = cpuDelta > 0 && systemDelta > 0 ? (cpuDelta / systemDelta) * (now.online_cpus ?? 1) * 100 : 0;
  const usage = memory.usage ?? 0;
  const cache = memory.stats?.inactive_file ?? 0;
  const networks = Object.values(stats.networks ?? {});
  return {
    cpu,
    memory: cache < usage ? usage - cache : usage,
    memoryLimit: memory.limit ?? 0,
    pids: stats.pids_stats?.current ?? 0,
    received: networks.reduce((sum, each) => sum + each.rx_bytes, 0),
    sent: networks.reduce((sum, each) => sum + each.tx_bytes, 0),
  };
}

interface Feed {
  readonly stop: AbortController;
  readonly listeners: Set<() => void>;
  samples: readonly Sample[];
}

export class StatsFeeds {
  readonly #app: App;
  readonly #feeds = new Map<string, Feed>();

  constructor(app: App) {
    this.#app = app;
  }

  samples(id: string): readonly Sample[] {
    return this.#feeds.get(id)?.samples ?? [];
  }

  /** Calls back on every sample until the returned function is called. */
  watch(id: string, listener: () => void): () => void {
    let feed = this.#feeds.get(id);
    if (feed === undefined) {
      feed = { stop: new AbortController(), listeners: new Set(), samples: [] };
      this.#feeds.set(id, feed);
      void this.#run(id, feed);
    }
    const watched = feed;
    watched.listeners.add(listener);
    return () => {
      watched.listeners.delete(listener);
      if (watched.listeners.size > 0) return;
      watched.stop.abort();
      if (this.#feeds.get(id) === watched) this.#feeds.delete(id);
    };
  }

  async #run(id: string, feed: Feed): Promise<void> {
    try {
      const values = await this.#app.engine.lines<ContainerStats>(
        "GET",
        `/containers/${id}/stats?stream=1`,
        feed.stop.signal,
      );
      const reader = values.getReader();
      feed.stop.signal.addEventListener("abort", () => void reader.cancel().catch(() => {}), { once: true });
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        feed.samples = [...feed.samples.slice(1 - kept), sampleOf(value)];
        for (const listener of feed.listeners) listener();
      }
    } catch {
      // The container has gone, or the view has: the plot stays empty.
    } finally {
      if (this.#feeds.get(id) === feed) this.#feeds.delete(id);
    }
  }
}

const feeds = new WeakMap<App, StatsFeeds>();
export function statsOf(app: App): StatsFeeds {
  const existing = feeds.get(app) ?? new StatsFeeds(app);
  feeds.set(app, existing);
  return existing;
}
