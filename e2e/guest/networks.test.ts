/** Networks on the real kernel of a booted machine: reachability, isolation, published ports, and namespaces that come and go. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EmbeddedNameServer } from "../../worker/engine/dns/index.ts";
import type { ContainerId, NetworkUsers, Sandbox, SandboxRequest } from "../../worker/engine/domains.ts";
import { NetworkService } from "../../worker/engine/networks/index.ts";
import type { GuestProcess, Listener } from "../../worker/engine/ports/guest.ts";
import { MemoryRecordStore } from "../../worker/engine/testing/memory-stores.ts";
import { AgentClient } from "../../worker/guest/agent-client.ts";
import { type BootedMachine, bootMachine, canBoot } from "./boot.ts";
import { installUserland } from "./userland.ts";

const busybox = "/roots/busybox/bin/busybox";
const textOf = (stream: ReadableStream<Uint8Array> | undefined) => new Response(stream ?? null).text();

describe.skipIf(!canBoot())("networks in a booted machine", () => {
  let machine: BootedMachine;
  let guest: AgentClient;
  let networks: NetworkService;
  let nameServer: EmbeddedNameServer;
  const containers: {
    readonly id: ContainerId;
    readonly name: string;
    readonly running: boolean;
    readonly networkMode: string;
  }[] = [];
  const users: NetworkUsers = {
    find: (reference) => containers.find(({ id, name }) => id === reference || name === reference),
    containersUsing: () => [],
    endpointChanged: async () => {},
    rewriteNetworkFiles: async () => {},
  };

  beforeAll(async () => {
    machine = await bootMachine();
    guest = new AgentClient(machine.link);
    await guest.renew({ now: Date.now(), entropy: new Uint8Array(64), hostname: "drydock" }, { fresh: true });
    await installUserland(guest, "/roots/busybox");
    nameServer = new EmbeddedNameServer({
      guest,
      source: () => networks.names,
      resolver: {
        resolve: async (name, type) =>
          name === "outside.example" && type === "A"
            ? { status: "answered", records: [{ name, ttl: 60, record: { type: "A", address: "192.0.2.7" } }] }
            : { status: "noSuchName" },
      },
    });
    networks = new NetworkService({
      guest,
      users,
      records: new MemoryRecordStore(),
      events: { publish: () => {} },
      clock: { now: () => new Date(), monotonic: () => performance.now(), after: () => () => {} },
      random: { bytes: (count) => new Uint8Array(randomBytes(count)) },
      machine: { servers: ["172.17.0.1"], search: [], options: [], hosts: "127.0.0.1 localhost\n" },
      names: nameServer,
      poolSizes: { connected: 2, bare: 1 },
    });
    await networks.start();
    await networks.fillPool();
  });
  afterAll(() => machine?.stop());

  let made = 0;
  const open = async (
    networkMode: string,
    more: Partial<SandboxRequest> = {},
  ): Promise<Sandbox & { id2: ContainerId }> => {
    const id = (++made).toString(16).padStart(64, "0") as ContainerId;
    containers.push({ id, name: `c${made}`, running: true, networkMode: "default" });
    const sandbox = await networks.openSandbox({
      container: id,
      name: `c${made}`,
      hostname: `c${made}`,
      networkMode,
      endpoints: {},
      portBindings: {},
      exposedPorts: [],
      publishAllPorts: false,
      dns: [],
      dnsSearch: [],
      dnsOptions: [],
      extraHosts: [],
      links: [],
      sysctls: {},
      ...more,
    });
    return { ...sandbox, id2: id };
  };
  const close = async (sandbox: { readonly id2: ContainerId }, untouched = false) => {
    await networks.closeSandbox(sandbox.id2, { untouched });
    await networks.settled();
  };
  const start = (namespace: string | undefined, args: readonly string[]): Promise<GuestProcess> =>
    guest.spawn({
      args: [busybox, ...args],
      env: ["PATH=/roots/busybox/bin"],
      cwd: "/",
      user: "",
      stdio: { kind: "pipes", stdin: false },
      ...(namespace === undefined ? {} : { joinPaths: [{ namespace: "network" as const, path: namespace }] }),
    });
  const run = async (namespace: string | undefined, ...args: string[]) => {
    const process = await start(namespace, args);
    const [stdout, stderr, { code }] = await Promise.all([
      textOf(process.stdout),
      textOf(process.stderr),
      process.exit,
    ]);
    return { stdout, stderr, code };
  };
  /** A program that greets whoever connects. */
  const serve = async (port: number, namespace?: string): Promise<Listener> => {
    const listener = await guest.listen(
      { kind: "tcp", host: "0.0.0.0", port },
      namespace === undefined ? {} : { namespace },
    );
    const greet = async () => {
      for await (const connection of listener.connections) {
        const writer = connection.writable.getWriter();
        await writer.write(new TextEncoder().encode("served"));
        await writer.close();
      }
    };
    void greet().catch(() => {});
    return listener;
  };
  const ask = async (namespace: string | undefined, host: string) => {
    const connection = await guest.connect({ kind: "tcp", host, port: 8080 }, namespace);
    const [greeting] = await Promise.all([textOf(connection.readable), connection.writable.close()]);
    return greeting;
  };
  const reaches = async (from: Sandbox, address: string | undefined) =>
    (await run(from.namespace, "ping", "-c1", "-W2", address ?? "")).code === 0;
  const addressIn = (sandbox: Sandbox, network: string) => sandbox.endpoints[network]?.IPAddress;

  test("containers of the default bridge have an address, a route, localhost, and reach each other and the machine", async () => {
    const a = await open("bridge");
    const b = await open("bridge");
    const shown = await run(a.namespace, "ip", "addr");
    expect(shown.stdout).toContain(`inet ${addressIn(a, "bridge")}/16 brd 172.17.255.255 scope global eth0`);
    expect(shown.stdout).toContain("inet6 ::1/128");
    expect(shown.stdout).not.toContain("fe80");
    expect((await run(a.namespace, "ip", "route")).stdout).toContain("default via 172.17.0.1 dev eth0");
    expect(await reaches(a, addressIn(b, "bridge"))).toBe(true);
    expect(await reaches(a, "172.17.0.1")).toBe(true);
    await close(a);
    await close(b);
  });

  test("a published port answers on localhost, on the machine's addresses, and from containers of any network", async () => {
    await networks.create({ Name: "other" });
    const server = await open("bridge", { portBindings: { "80/tcp": [{ HostPort: "8080" }] } });
    const neighbour = await open("bridge");
    const stranger = await open("other");
    const listening = await serve(80, server.namespace);
    expect(await ask(undefined, "127.0.0.1")).toBe("served");
    expect(await ask(undefined, "172.17.0.1")).toBe("served");
    expect(await ask(neighbour.namespace, "172.17.0.1")).toBe("served");
    expect(await ask(server.namespace, "172.17.0.1")).toBe("served");
    expect(await ask(stranger.namespace, "172.18.0.1")).toBe("served");
    await listening.close();
    for (const sandbox of [server, neighbour, stranger]) await close(sandbox);
    await expect(ask(undefined, "127.0.0.1")).rejects.toMatchObject({ errno: "ECONNREFUSED" });
    await networks.remove("other");
  });

  test("an address that another container had just before answers at once", async () => {
    const first = await open("bridge");
    expect((await run(undefined, "ping", "-c1", "-W2", addressIn(first, "bridge") ?? "")).code).toBe(0);
    await close(first);
    const second = await open("bridge");
    expect(addressIn(second, "bridge")).toBe(addressIn(first, "bridge"));
    expect((await run(undefined, "ping", "-c1", "-W2", addressIn(second, "bridge") ?? "")).code).toBe(0);
    await close(second);
  });

  test("a port on which a program of the machine listens is not published", async () => {
    const program = await serve(7070);
    await expect(open("bridge", { portBindings: { "80/tcp": [{ HostPort: "7070" }] } })).rejects.toThrow(
      /failed to bind host port for 0\.0\.0\.0:7070:172\.17\.0\.\d+:80\/tcp: address already in use$/,
    );
    await program.close();
  });

  test("bridges are kept apart, internal networks lead nowhere, and icc=false keeps containers apart", async () => {
    await networks.create({ Name: "left" });
    await networks.create({ Name: "inside", Internal: true });
    await networks.create({ Name: "apart", Options: { "com.docker.network.bridge.enable_icc": "false" } });
    const bridge = await open("bridge");
    const left = await open("left");
    const [inside, beside] = [await open("inside"), await open("inside")];
    const [lone, other] = [await open("apart"), await open("apart")];
    expect(await reaches(left, addressIn(bridge, "bridge"))).toBe(false);
    expect(await reaches(inside, addressIn(beside, "inside"))).toBe(true);
    expect((await run(inside.namespace, "ip", "route")).stdout).not.toContain("default");
    expect(await reaches(inside, addressIn(left, "left"))).toBe(false);
    expect(await reaches(lone, addressIn(other, "apart"))).toBe(false);
    for (const sandbox of [bridge, left, inside, beside, lone, other]) await close(sandbox);
    for (const name of ["left", "inside", "apart"]) await networks.remove(name);
  });

  test("networks are connected and disconnected while a container runs, and the default route follows", async () => {
    await networks.create({ Name: "extra", EnableIPv6: true });
    const container = await open("bridge");
    const peer = await open("extra");
    await networks.connect("extra", container.id2, {});
    expect(await reaches(container, addressIn(peer, "extra"))).toBe(true);
    expect(await reaches(container, peer.endpoints.extra?.GlobalIPv6Address)).toBe(true);
    await networks.disconnect("bridge", container.id2, false);
    const routes = (await run(container.namespace, "ip", "route")).stdout;
    expect(routes).toContain(`default via ${peer.endpoints.extra?.Gateway} dev eth1`);
    await close(container);
    await close(peer);
    await networks.remove("extra");
  });

  test("containers of a user-defined network find each other by name, alias and id, and ask for the rest outside", async () => {
    await networks.create({ Name: "names" });
    const web = await open("names", { endpoints: { names: { Aliases: ["www"] } } });
    const client = await open("names");
    const name = containers.find(({ id }) => id === web.id2)?.name ?? "";
    const look = async (what: string, server = "127.0.0.11") => {
      const { stdout, stderr } = await run(client.namespace, "nslookup", what, server);
      return stdout + stderr;
    };
    const address = addressIn(web, "names") ?? "";
    for (const known of [name, "www", web.id2.slice(0, 12), `${name}.names`, name.toUpperCase()])
      expect(await look(known), known).toContain(`Address: ${address}`);
    expect(await look(address)).toContain(`name = ${name}.names`);
    expect(await look("outside.example")).toContain("Address: 192.0.2.7");
    const started = performance.now();
    expect(await look("nowhere.example")).toContain("NXDOMAIN");
    expect(performance.now() - started).toBeLessThan(4000);
    await nameServer.openForMachine("172.17.0.1");
    const bridged = await open("bridge");
    const asked = await run(bridged.namespace, "nslookup", "outside.example", "172.17.0.1");
    expect(asked.stdout).toContain("Address: 192.0.2.7");
    // The engine's own server gives way to a published one.
    const server = await open("bridge", { portBindings: { "53/udp": [{ HostPort: "53" }] } });
    for (const sandbox of [web, client, bridged, server]) await close(sandbox);
    await networks.remove("names");
  });

  test("macvlan and ipvlan networks put containers beside their parent device", async () => {
    await networks.create({ Name: "mac", Driver: "macvlan", IPAM: { Config: [{ Subnet: "10.70.0.0/24" }] } });
    await networks.create({ Name: "ip", Driver: "ipvlan", IPAM: { Config: [{ Subnet: "10.71.0.0/24" }] } });
    for (const network of ["mac", "ip"]) {
      const [a, b] = [await open(network), await open(network)];
      expect((await run(a.namespace, "ip", "addr", "show", "eth0")).stdout).toContain(
        `inet ${addressIn(a, network)}/24`,
      );
      expect(await reaches(a, addressIn(b, network))).toBe(true);
      await close(a);
      await close(b);
      await networks.remove(network);
    }
  });

  test("an untouched namespace serves the next container, with the same address and another id", async () => {
    await networks.fillPool();
    const first = await open("bridge");
    await close(first, true);
    const second = await open("bridge");
    expect(addressIn(second, "bridge")).toBe(addressIn(first, "bridge"));
    expect(second.endpoints.bridge?.MacAddress).toBe(first.endpoints.bridge?.MacAddress);
    expect(second.id).not.toBe(first.id);
    expect(await reaches(second, "172.17.0.1")).toBe(true);
    // Somebody with the machine's rights has been in it.
    await run(second.namespace, "ip", "addr", "add", "10.1.2.3/24", "dev", "eth0");
    await close(second, true);
    const third = await open("bridge");
    expect((await run(third.namespace, "ip", "addr")).stdout).not.toContain("10.1.2.3");
    await close(third);
  });

  test("what comes and goes leaves no devices, namespaces or rules behind", async () => {
    await networks.fillPool();
    const rules = async () => {
      const { links, sandboxes } = networks.exportState();
      return { links: Object.keys(links).length, sandboxes: sandboxes.length };
    };
    const count = async () => {
      const links = (await run(undefined, "ip", "-o", "link")).stdout.trim().split("\n").length;
      const namespaces = (await guest.batch([{ op: "list", path: "/run/docker/netns" }]))[0] as readonly unknown[];
      return { links, namespaces: namespaces.length };
    };
    const before = { ...(await count()), ...(await rules()) };
    for (let i = 0; i < 8; i++)
      await close(await open("bridge", { portBindings: { "80/tcp": [{ HostPort: "8080" }] } }), i % 2 === 0);
    await networks.fillPool();
    await expect.poll(async () => ({ ...(await count()), ...(await rules()) }), { timeout: 30_000 }).toEqual(before);
  });
});
