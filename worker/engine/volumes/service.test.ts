import { expect, test } from "vitest";
import type { ContainerId } from "../domains.ts";
import { FakeGuest } from "../testing/fake-guest.ts";
import { MemoryRecordStore } from "../testing/memory-stores.ts";
import { VolumeService, type VolumesDependencies } from "./service.ts";

const container = "c".repeat(64) as ContainerId;

async function setUp(more: Partial<VolumesDependencies> = {}) {
  const guest = new FakeGuest();
  const used = new Set<string>();
  const events: string[] = [];
  let counter = 0;
  const dependencies: VolumesDependencies = {
    guest,
    records: new MemoryRecordStore(),
    events: { publish: (type, action, id) => void events.push(`${type} ${action} ${id}`.trim()) },
    users: { containersUsing: (name) => (used.has(name) ? [container] : []) },
    clock: { now: () => new Date("2026-01-02T03:04:05.600Z"), monotonic: () => 0, after: () => () => {} },
    random: { bytes: (count) => new Uint8Array(count).fill(++counter) },
    ...more,
  };
  const volumes = new VolumeService(dependencies);
  await volumes.start();
  return { guest, used, events, volumes, dependencies };
}

test("a volume is a directory of the machine, reported as Docker reports it", async () => {
  const { guest, volumes, events } = await setUp();
  expect(await volumes.create({ Name: "data", Labels: { a: "b" } })).toEqual({
    CreatedAt: "2026-01-02T03:04:05Z",
    Driver: "local",
    Labels: { a: "b" },
    Mountpoint: "/var/lib/docker/volumes/data/_data",
    Name: "data",
    Options: null,
    Scope: "local",
  });
  expect(guest.files.exists("/var/lib/docker/volumes/data/_data")).toBe(true);
  expect(events).toEqual(["volume create data"]);
});

test("creating a volume again answers the one that is there, unchanged", async () => {
  const { volumes, events } = await setUp();
  await Promise.all([volumes.create({ Name: "data" }), volumes.create({ Name: "data", Labels: { a: "b" } })]);
  expect(volumes.inspect("data").Labels).toBeNull();
  expect(events).toEqual(["volume create data"]);
});

test("without a name a volume gets 64 hexadecimal digits and Docker's label", async () => {
  const { volumes } = await setUp();
  const { Name, Labels } = await volumes.create({});
  expect(Name).toMatch(/^[0-9a-f]{64}$/);
  expect(Labels).toEqual({ "com.docker.volume.anonymous": "" });
});

test.each([
  [{ Name: "a" }, "create a: volume name is too short, names should be at least two alphanumeric characters"],
  [
    { Name: "b@d" },
    'create b@d: "b@d" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
  ],
  [{ Name: "xx", Driver: "nosuch" }, 'create xx: error looking up volume plugin nosuch: plugin "nosuch" not found'],
  [{ Name: "xx", DriverOpts: { foo: "bar" } }, 'create xx: invalid option: "foo"'],
  [{ Name: "xx", DriverOpts: { type: "tmpfs" } }, 'create xx: missing required option: "device"'],
  [{ Name: "xx", DriverOpts: { device: "/tmp" } }, 'create xx: missing required option: "type"'],
  [{ Name: "xx", DriverOpts: { size: "10m" } }, "create xx: quota size requested but no quota support"],
])("%j is refused in Docker's words", async (request, message) => {
  const { volumes } = await setUp();
  await expect(volumes.create(request)).rejects.toThrow(message);
});

test("a volume in use is not removed, not even by force", async () => {
  const { volumes, used } = await setUp();
  await volumes.create({ Name: "data" });
  used.add("data");
  const message = `remove data: volume is in use - [${container}]`;
  await expect(volumes.remove("data", { force: false })).rejects.toThrow(message);
  await expect(volumes.remove("data", { force: true })).rejects.toThrow(message);
});

test("removing a volume that is not there fails, but not by force", async () => {
  const { volumes } = await setUp();
  await expect(volumes.remove("nosuch", { force: false })).rejects.toThrow("get nosuch: no such volume");
  await volumes.remove("nosuch", { force: true });
});

test("options mount once, on the first use, and are unmounted with the volume", async () => {
  const { guest, volumes } = await setUp();
  await volumes.create({ Name: "mem", DriverOpts: { type: "tmpfs", device: "tmpfs", o: "size=10m,uid=1000,nosuid" } });
  expect(await volumes.mountOps("mem")).toEqual([]);
  expect(await volumes.mountOps("mem")).toEqual([]);
  expect(guest.opsOf("mount")).toEqual([
    {
      op: "mount",
      source: "tmpfs",
      target: "/var/lib/docker/volumes/mem/_data",
      type: "tmpfs",
      flags: ["nosuid"],
      data: "size=10m,uid=1000",
    },
  ]);
  await volumes.remove("mem", { force: false });
  expect(guest.opsOf("umount")).toHaveLength(1);
});

test("a mount that the kernel refuses is reported as dockerd reports it", async () => {
  const { guest, volumes } = await setUp();
  await volumes.create({ Name: "nfs", DriverOpts: { type: "nfs", device: ":/x", o: "addr=10.0.0.1,rw" } });
  guest.failOp((op) => op.op === "mount", "ENODEV");
  await expect(volumes.mountOps("nfs")).rejects.toThrow(
    "error while mounting volume '/var/lib/docker/volumes/nfs/_data': failed to mount local volume: mount :/x:/var/lib/docker/volumes/nfs/_data, data: addr=10.0.0.1: no such device",
  );
});

test("lists filter by name, label and use, and refuse other filters", async () => {
  const { volumes, used } = await setUp();
  await volumes.create({ Name: "one", Labels: { tier: "db" } });
  await volumes.create({ Name: "two" });
  used.add("one");
  const names = (filters: Record<string, string[]>) => volumes.list(filters).map(({ Name }) => Name);
  expect(names({ name: ["on"] })).toEqual(["one"]);
  expect(names({ label: ["tier=db"] })).toEqual(["one"]);
  expect(names({ dangling: ["true"] })).toEqual(["two"]);
  expect(() => names({ foo: ["x"] })).toThrow("invalid filter 'foo'");
  expect(() => names({ dangling: ["zz"] })).toThrow("invalid filter 'dangling=[zz]'");
});

test("pruning takes anonymous volumes, and named ones only when asked", async () => {
  const { guest, volumes, used } = await setUp();
  const anonymous = await volumes.create({});
  await volumes.create({ Name: "named" });
  await volumes.create({ Name: "busy" });
  used.add("busy");
  guest.files.put(`/var/lib/docker/volumes/${anonymous.Name}/_data/file`, "12345");
  expect(await volumes.prune({})).toEqual({ VolumesDeleted: [anonymous.Name], SpaceReclaimed: 5 });
  expect(await volumes.prune({ all: ["true"] })).toEqual({ VolumesDeleted: ["named"], SpaceReclaimed: 0 });
  expect(volumes.list({}).map(({ Name }) => Name)).toEqual(["busy"]);
});

test("usage counts containers and bytes", async () => {
  const { guest, volumes, used } = await setUp();
  await volumes.create({ Name: "data" });
  guest.files.put("/var/lib/docker/volumes/data/_data/dir/file", "123");
  used.add("data");
  expect((await volumes.usage())[0]?.UsageData).toEqual({ RefCount: 1, Size: 3 });
});

test("volumes outlive the engine", async () => {
  const { volumes, dependencies } = await setUp();
  await volumes.create({ Name: "data" });
  const again = new VolumeService(dependencies);
  await again.start();
  expect(again.inspect("data").Name).toBe("data");
});
