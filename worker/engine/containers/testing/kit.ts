/** A containers' domain with fakes of its neighbours, for tests. */
import type {
  ContainerId,
  EngineEvent,
  Image,
  Images,
  Networks,
  Sandbox,
  SandboxRequest,
  VolumeMountPoint,
  Volumes,
} from "../../domains.ts";
import { EngineError } from "../../errors.ts";
import { EventLog } from "../../events/index.ts";
import type { Clock } from "../../ports/host.ts";
import type { Digest } from "../../ports/storage.ts";
import { FakeGuest } from "../../testing/fake-guest.ts";
import { MemoryLogStore, MemoryRecordStore } from "../../testing/memory-stores.ts";
import { Containers } from "../service.ts";

/** Time that moves only when told. */
export class ManualClock implements Clock {
  #ms = Date.UTC(2026, 0, 2, 3, 4, 5);
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  now(): Date {
    return new Date(this.#ms);
  }
  monotonic(): number {
    return this.#ms;
  }
  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#ms + ms, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }
  async advance(ms: number): Promise<void> {
    const until = this.#ms + ms;
    for (;;) {
      const [next] = [...this.#timers].filter((t) => t.at <= until).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#ms = next.at;
      this.#timers.delete(next);
      next.callback();
      await settle();
    }
    this.#ms = until;
    await settle();
  }
}

/** Lets everything that can go on go on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => setTimeout(resolve, 0));
}

const digest = (c: string): Digest => `sha256:${c.repeat(64)}`;

export class FakeImages implements Images {
  readonly byName = new Map<string, Image>();
  constructor() {
    this.add("busybox", { Cmd: ["sh"], Env: ["PATH=/bin"] });
  }
  add(name: string, config: Image["config"]): Image {
    const id = digest(String(this.byName.size + 1));
    const image: Image = {
      id,
      config,
      architecture: "386",
      os: "linux",
      created: undefined,
      layers: [id],
      history: [],
    };
    this.byName.set(name, image);
    return image;
  }
  async resolve(reference: string): Promise<Image> {
    const image = this.byName.get(reference) ?? [...this.byName.values()].find((i) => i.id === reference);
    if (image === undefined) throw new EngineError("notFound", `No such image: ${reference}:latest`);
    return image;
  }
  get(id: Digest): Image | undefined {
    return [...this.byName.values()].find((i) => i.id === id);
  }
  async mountLayers(): Promise<readonly string[]> {
    return ["/layers/1"];
  }
  async create(): Promise<Digest> {
    return digest("c");
  }
  async releaseUnused(): Promise<void> {}
  async commitUpper(): Promise<{ diffId: Digest; size: number }> {
    return { diffId: digest("d"), size: 0 };
  }
}

export class FakeVolumes implements Volumes {
  readonly names = new Set<string>();
  #made = 0;
  readonly #guest: FakeGuest;
  constructor(guest: FakeGuest) {
    this.#guest = guest;
  }
  async ensure(request: { readonly name?: string }): Promise<VolumeMountPoint> {
    this.#made++;
    const name = request.name ?? `anonymous${this.#made}`.padEnd(64, "0");
    this.names.add(name);
    const source = `/var/lib/docker/volumes/${name}/_data`;
    await this.#guest.batch([{ op: "mkdir", path: source, parents: true }]);
    return { name, driver: "local", source };
  }
  async mountOps(): Promise<readonly []> {
    return [];
  }
  async remove(name: string): Promise<void> {
    this.names.delete(name);
  }
}

export class FakeNetworks implements Networks {
  readonly open = new Map<ContainerId, SandboxRequest>();
  validate(): void {}
  async openSandbox(request: SandboxRequest): Promise<Sandbox> {
    if (request.networkMode === "nonet")
      throw new EngineError("notFound", "failed to set up container networking: network nonet not found");
    this.open.set(request.container, request);
    return this.#sandbox(request);
  }
  async closeSandbox(container: ContainerId): Promise<void> {
    this.open.delete(container);
  }
  sandbox(container: ContainerId): Sandbox | undefined {
    const request = this.open.get(container);
    return request && this.#sandbox(request);
  }
  renamed(container: ContainerId, name: string): void {
    const request = this.open.get(container);
    if (request !== undefined) this.open.set(container, { ...request, name });
  }
  #sandbox(request: SandboxRequest): Sandbox {
    return {
      namespace: request.networkMode === "host" ? undefined : `/run/drydock/netns/${request.container.slice(0, 12)}`,
      endpoints: { [request.networkMode]: { IPAddress: "172.17.0.2", IPPrefixLen: 16, Gateway: "172.17.0.1" } },
      ports: request.portBindings,
      hosts: "127.0.0.1\tlocalhost\n",
      resolvConf: "nameserver 10.0.0.1\n",
      key: "/var/run/docker/netns/abc",
      id: "5".repeat(64),
    };
  }
}

export interface Kit {
  readonly containers: Containers;
  readonly guest: FakeGuest;
  readonly clock: ManualClock;
  readonly events: EventLog;
  readonly seen: EngineEvent[];
  readonly images: FakeImages;
  readonly volumes: FakeVolumes;
  readonly networks: FakeNetworks;
  readonly records: MemoryRecordStore;
  readonly actions: () => readonly string[];
}

const cgroupFiles = [
  "cgroup.freeze",
  "cgroup.kill",
  "memory.max",
  "memory.swap.max",
  "memory.low",
  "cpu.max",
  "cpu.weight",
  "pids.max",
];

/** A guest whose kernel fills a new cgroup with its files. */
function guestWithCgroups(): FakeGuest {
  const guest = new FakeGuest();
  const make = (path: string): void => void guest.files.run({ op: "mkdir", path, parents: true }, (p) => p);
  for (const path of ["/sys/fs/cgroup", "/proc", "/dev", "/layers/1"]) make(path);
  guest.onOp = (op) => {
    if (op.op === "mkdir" && op.path.startsWith("/sys/fs/cgroup/docker/"))
      for (const file of cgroupFiles)
        guest.files.run({ op: "write", path: `${op.path}/${file}`, data: "max" }, (p) => p);
    return undefined;
  };
  // The fake has no mounts: each container finds /dev as empty as the tmpfs that it would have.
  const spawn = guest.spawn.bind(guest);
  guest.spawn = (spec) => {
    guest.files.run({ op: "removeTree", path: "/dev" }, (p) => p);
    make("/dev");
    return spawn(spec);
  };
  return guest;
}

export async function makeKit(records = new MemoryRecordStore()): Promise<Kit> {
  const guest = guestWithCgroups();
  const clock = new ManualClock();
  const events = new EventLog(clock);
  const seen: EngineEvent[] = [];
  events.subscribe((event) => void seen.push(event));
  const images = new FakeImages();
  const volumes = new FakeVolumes(guest);
  const networks = new FakeNetworks();
  let random = 0;
  const randomness = {
    bytes: (count: number) => Uint8Array.from({ length: count }, (_, i) => (i * 37 + 171 + random++ * 13) & 255),
  };
  const containers = new Containers({
    guest,
    clock,
    randomness,
    records,
    logs: new MemoryLogStore(),
    images,
    volumes,
    networks,
    events,
    host: { cpus: 1, memory: 512 * 1024 * 1024 },
  });
  await containers.prepareMachine();
  return {
    containers,
    guest,
    clock,
    events,
    seen,
    images,
    volumes,
    networks,
    records,
    actions: () => seen.filter((e) => e.Type === "container").map((e) => e.Action),
  };
}
