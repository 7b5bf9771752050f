import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BlockImage } from "../../worker/engine/ports/host.ts";
import { openDiskFiles, SparseDisk } from "../../worker/storage/disk.ts";
import { NodeFiles } from "../../worker/storage/node-files.node.ts";
import type { DiskFailure } from "../../worker/vm/ide-disk.ts";
import { GuestLayerDisk } from "../../worker/vm/layer-disk.ts";
import { LayerDiskDevice, type LayerFailure } from "../../worker/vm/layer-disk-device.ts";
import { bootRig, diskBase, type Rig, shell } from "../soak/rig.ts";

const directory = mkdtempSync(join(tmpdir(), "disk-"));
const failures: (DiskFailure | LayerFailure)[] = [];
let rig: Rig;

beforeAll(async () => {
  const disk = new SparseDisk(await diskBase(), await openDiskFiles(new NodeFiles(directory)));
  const layers = new LayerDiskDevice((failure) => failures.push(failure));
  rig = await bootRig(192, { disk, layers, onDiskFailure: (failure) => failures.push(failure) });
});
afterAll(async () => {
  await rig.machine.destroy();
  rmSync(directory, { recursive: true });
});

const image = (fill: number): BlockImage => ({
  size: 1 << 20,
  read: async (_offset, length) => new Uint8Array(length).fill(fill),
});

describe("the layers' disk in the guest", () => {
  const read = async (path: string) => (await rig.agent.batch([{ op: "read", path, limit: 4096 }]))[0];

  it("shows each attached layer as a device of its own", async () => {
    const disk = new GuestLayerDisk(rig.layers, rig.agent);
    const [a, b] = [await disk.attach("a", image(1)), await disk.attach("b", image(2))];
    expect(await read(a)).toEqual(new Uint8Array(4096).fill(1));
    expect(await read(b)).toEqual(new Uint8Array(4096).fill(2));
    await disk.detach("a");
    await expect(read(a)).rejects.toThrow(/no such|ENXIO|device/i);
    await disk.detach("b");
  });

  it("has twenty layers at once, more than a disk has classic partitions", async () => {
    const disk = new GuestLayerDisk(rig.layers, rig.agent);
    const paths: string[] = [];
    for (let index = 0; index < 20; index++) paths.push(await disk.attach(`many-${index}`, image(index)));
    expect(await read(paths[19] ?? "")).toEqual(new Uint8Array(4096).fill(19));
    for (let index = 0; index < 20; index++) await disk.detach(`many-${index}`);
  });

  it("gives an I/O error for a layer that cannot be had, names it, and reads on elsewhere", async () => {
    const disk = new GuestLayerDisk(rig.layers, rig.agent);
    const gone = await disk.attach("gone", { size: 1 << 20, read: () => Promise.reject(new Error("offline")) });
    const fine = await disk.attach("fine", image(3));
    failures.length = 0;
    await expect(read(gone)).rejects.toThrow(/input.output|I\/O|EIO/i);
    expect(failures.some((failure) => "key" in failure && failure.key === "gone")).toBe(true);
    expect(failures.some((failure) => "disk" in failure && failure.disk === "sda")).toBe(true);
    expect(await read(fine)).toEqual(new Uint8Array(4096).fill(3));
    await disk.detach("gone");
    await disk.detach("fine");
  });
});

describe("a machine that is to stand still", () => {
  it("goes on when a layer's piece does not come, says so, and stands still once it has come", async () => {
    const disk = new GuestLayerDisk(rig.layers, rig.agent);
    let come = (): void => {};
    let asked = (): void => {};
    const wasAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const far = await disk.attach("far", {
      size: 1 << 20,
      read: async (_offset, length) => {
        asked();
        await new Promise<void>((resolve) => {
          come = resolve;
        });
        return new Uint8Array(length).fill(4);
      },
    });
    const reading = rig.agent.batch([{ op: "read", path: far, limit: 4096 }]);
    await wasAsked;
    await expect(rig.machine.quiesce(0)).rejects.toThrow("does not come to rest: a disk");
    expect(rig.machine.running).toBe(true);
    come();
    expect((await reading)[0]).toEqual(new Uint8Array(4096).fill(4));
    await rig.machine.quiesce();
    expect(rig.machine.running).toBe(false);
    rig.machine.run();
    expect(await shell(rig.agent, "echo goes on")).toBe("goes on\n");
  });
});

describe("the writable disk", () => {
  it("is an ext4 whose files are there after the power went, when it was told to sync", async () => {
    await shell(
      rig.agent,
      "busybox mkdir -p /disk; mount -t ext4 /dev/sdb /disk; echo kept > /disk/file; busybox sync",
    );
    await shell(rig.agent, "echo lost > /disk/unsynced");
    await rig.machine.destroy();
    const disk = new SparseDisk(await diskBase(), await openDiskFiles(new NodeFiles(directory)));
    rig = await bootRig(192, { disk, layers: new LayerDiskDevice() });
    const text = await shell(rig.agent, "busybox mkdir -p /disk; mount -t ext4 /dev/sdb /disk; cat /disk/file");
    expect(text).toBe("kept\n");
    expect(disk.usedBytes).toBeLessThan(8 << 20);
  });
});
