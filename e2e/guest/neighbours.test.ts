/** Containers, networks, volumes and names put together on a booted machine, and the view under the hood of them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Containers } from "../../worker/engine/containers/index.ts";
import { FakeImages } from "../../worker/engine/containers/testing/kit.ts";
import { EmbeddedNameServer, noOutside } from "../../worker/engine/dns/index.ts";
import type { NetworkUsers, VolumeUsers } from "../../worker/engine/domains.ts";
import { EventLog } from "../../worker/engine/events/index.ts";
import { KernelView } from "../../worker/engine/inspect/index.ts";
import { NetworkService } from "../../worker/engine/networks/index.ts";
import type { Clock } from "../../worker/engine/ports/host.ts";
import { MemoryLogStore, MemoryRecordStore } from "../../worker/engine/testing/memory-stores.ts";
import { VolumeService } from "../../worker/engine/volumes/index.ts";
import { AgentClient } from "../../worker/guest/agent-client.ts";
import { subjectsOf } from "../../worker/host/hood.ts";
import { type BootedMachine, bootMachine, canBoot } from "./boot.ts";
import { installUserland } from "./userland.ts";

const layer = "/roots/busybox";
class OneLayer extends FakeImages {
  override async mountLayers(): Promise<readonly string[]> {
    return [layer];
  }
}
const clock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
const random = { bytes: (count: number) => crypto.getRandomValues(new Uint8Array(count)) };

describe.skipIf(!canBoot())("containers and their neighbours in a booted machine", () => {
  let machine: BootedMachine;
  let guest: AgentClient;
  let containers: Containers;
  let networks: NetworkService;
  let volumes: VolumeService;

  beforeAll(async () => {
    machine = await bootMachine();
    guest = new AgentClient(machine.link);
    await guest.renew({ now: Date.now(), entropy: new Uint8Array(64), hostname: "drydock" }, { fresh: true });
    await guest.batch([
      { op: "mkdir", path: "/var/lib/docker", parents: true },
      { op: "mount", source: "tmpfs", target: "/var/lib/docker", type: "tmpfs" },
    ]);
    await installUserland(guest, layer);
    const events = new EventLog(clock);
    const records = new MemoryRecordStore();
    const networkUsers: NetworkUsers = {
      find: (reference) => containers.networkUsers.find(reference),
      containersUsing: (network) => containers.networkUsers.containersUsing(network),
      endpointChanged: (...change) => containers.networkUsers.endpointChanged(...change),
      rewriteNetworkFiles: (...files) => containers.networkUsers.rewriteNetworkFiles(...files),
    };
    const volumeUsers: VolumeUsers = { containersUsing: (name) => containers.volumeUsers.containersUsing(name) };
    const names = new EmbeddedNameServer({ guest, source: () => networks.names, resolver: noOutside });
    networks = new NetworkService({
      guest,
      records,
      events,
      users: networkUsers,
      clock,
      random,
      machine: { servers: ["172.17.0.1"], search: [], options: [], hosts: "127.0.0.1 localhost\n" },
      names,
      poolSizes: { connected: 2, bare: 1 },
    });
    volumes = new VolumeService({ guest, records, events, users: volumeUsers, clock, random });
    containers = new Containers({
      guest,
      clock,
      randomness: random,
      records,
      logs: new MemoryLogStore(),
      images: new OneLayer(),
      volumes,
      networks,
      events,
      host: { cpus: 1, memory: 256 << 20 },
    });
    await volumes.start();
    await containers.prepareMachine();
    await networks.start();
    await networks.fillPool();
  });
  afterAll(async () => {
    await networks?.stop();
    await machine?.stop();
  });

  const start = async (name: string, cmd: readonly string[], host: object = {}, more: object = {}): Promise<string> => {
    const { Id } = await containers.create({ Image: "busybox", Cmd: cmd, HostConfig: host, ...more }, name);
    await containers.start(Id);
    return Id;
  };
  const remove = (id: string): Promise<void> => containers.remove(id, { force: true, volumes: true });
  const run = async (id: string, ...cmd: string[]): Promise<{ readonly output: string; readonly code: number }> => {
    const e = containers.executions.create(containers.get(id), id, {
      cmd,
      attachStdin: false,
      attachStdout: true,
      attachStderr: true,
      // A terminal's output comes as one plain stream.
      tty: true,
      env: [],
      user: "",
      workingDir: "",
      privileged: false,
      detachKeys: "",
      consoleSize: undefined,
    });
    const started = await containers.executions.start(e, { detach: false, tty: true });
    const output = await new Response(started?.stream.readable ?? null).text();
    return { output, code: (containers.executions.inspect(e) as { ExitCode: number }).ExitCode };
  };

  test("containers of a network find each other by name and alias, those of the default bridge do not", async () => {
    await networks.create({ Name: "app" });
    const web = await start(
      "web",
      ["sleep", "600"],
      { NetworkMode: "app" },
      { NetworkingConfig: { EndpointsConfig: { app: { Aliases: ["www"] } } } },
    );
    const client = await start("client", ["sleep", "600"], { NetworkMode: "app" });
    const stranger = await start("stranger", ["sleep", "600"]);
    expect((await run(client, "busybox", "ping", "-c1", "-W2", "web")).code).toBe(0);
    expect((await run(client, "busybox", "ping", "-c1", "-W2", "www")).code).toBe(0);
    expect((await run(stranger, "busybox", "ping", "-c1", "-W2", "web")).code).not.toBe(0);
    await networks.connect("app", "stranger", {});
    expect((await run(stranger, "busybox", "ping", "-c1", "-W2", "web")).code).toBe(0);
    expect((await run(stranger, "cat", "/etc/resolv.conf")).output).toContain("nameserver 127.0.0.11");
    await networks.disconnect("app", "stranger", false);
    expect((await run(stranger, "busybox", "ping", "-c1", "-W2", "web")).code).not.toBe(0);
    for (const id of [web, client, stranger]) await remove(id);
    await networks.remove("app");
  });

  test("a volume is shared by its containers, outlives them, and is refused to be removed while one names it", async () => {
    await volumes.create({ Name: "data" });
    const writer = await start("writer", ["sh", "-c", "echo kept > /data/file; sleep 600"], { Binds: ["data:/data"] });
    const reader = await start("reader", ["sleep", "600"], { Binds: ["data:/data:ro"] });
    await expect.poll(async () => (await run(reader, "cat", "/data/file")).output).toContain("kept");
    expect((await run(reader, "sh", "-c", "echo no > /data/file")).output).toContain("Read-only file system");
    await expect(volumes.remove("data", { force: false })).rejects.toThrow(/^remove data: volume is in use - \[/);
    await remove(writer);
    await remove(reader);
    expect((await volumes.usage())[0]?.UsageData).toEqual({ RefCount: 0, Size: 5 });
    await volumes.remove("data", { force: false });
  });

  test("a volume of options is what they mount", async () => {
    await volumes.create({ Name: "mem", DriverOpts: { type: "tmpfs", device: "tmpfs", o: "size=1m,mode=700" } });
    const id = await start("memory", ["sleep", "600"], { Binds: ["mem:/mem"] });
    expect((await run(id, "mount")).output).toMatch(/tmpfs on \/mem type tmpfs \(.*size=1024k,mode=700/);
    await remove(id);
    await volumes.remove("mem", { force: false });
    await volumes.create({ Name: "nfs", DriverOpts: { type: "nfs", device: ":/x", o: "addr=10.0.0.1" } });
    await expect(start("nfs", ["true"], { Binds: ["nfs:/x"] })).rejects.toThrow(
      "error while mounting volume '/var/lib/docker/volumes/nfs/_data': failed to mount local volume: mount :/x:/var/lib/docker/volumes/nfs/_data, data: addr=10.0.0.1: no such device",
    );
  });

  test("under the hood, the kernel shows processes, namespaces, limits, the overlay, the way of a packet, and capabilities", async () => {
    const id = await start("hood", ["sh", "-c", "echo x > /made; sleep 600 & sleep 600"], {
      Memory: 16 << 20,
      PortBindings: { "80/tcp": [{ HostPort: "8080" }] },
    });
    const joined = await start("joined", ["sleep", "600"], { NetworkMode: `container:${id}` });
    await run(id, "busybox", "ping", "-c1", "-W2", "172.17.0.1");
    const facts = await new KernelView({ guest, subjects: subjectsOf({ containers, networks }) }).inspect("hood");
    expect(facts.processes.tree.map(({ insidePid, user }) => [insidePid, user])[0]).toEqual([1, "root"]);
    expect(facts.processes.tree.some(({ command, parent }) => command === "sleep 600" && parent === facts.pid)).toBe(
      true,
    );
    const sharing = Object.fromEntries(facts.namespaces.list.map((entry) => [entry.name, entry.sharing]));
    expect(sharing).toMatchObject({ pid: "own", mnt: "own", uts: "own", net: ["joined"], user: "host" });
    expect(facts.cgroup.files).toContainEqual(
      expect.objectContaining({ name: "memory.current", limit: String(16 << 20) }),
    );
    expect(facts.filesystem.lower).toContain(layer);
    expect(facts.filesystem.changes).toContainEqual({ kind: "added", path: "/made" });
    const [eth0] = facts.network.interfaces;
    expect(eth0).toMatchObject({ name: "eth0", bridge: "docker0", bridgeAddress: "172.17.0.1/16", network: "bridge" });
    expect(eth0?.veth).toMatch(/^veth/);
    expect(eth0?.sentPackets).toBeGreaterThan(0);
    expect(facts.network.rules.some((rule) => /--dport 8080 -c \d+ \d+ -j DNAT/.test(rule))).toBe(true);
    expect(facts.security).toMatchObject({ seccomp: "filter", noNewPrivileges: false });
    expect(facts.security.dropped).toContain("CAP_SYS_ADMIN");
    for (const each of [joined, id]) await remove(each);
  });

  test("one container after another has the first address, and nothing piles up", async () => {
    await networks.settled();
    for (let i = 0; i < 10; i++) {
      const id = await start(`turn${i}`, ["ip", "addr", "show", "eth0"]);
      expect(networks.sandbox(containers.get(id).id)?.endpoints.bridge?.IPAddress ?? "172.17.0.2").toBe("172.17.0.2");
      await containers.wait(id, "not-running");
      await remove(id);
    }
    await networks.settled();
    await networks.fillPool();
    const [namespaces] = await guest.batch([{ op: "list", path: "/run/docker/netns" }]);
    expect((namespaces as readonly unknown[]).length).toBe(networks.exportState().ready.length);
  });
});
