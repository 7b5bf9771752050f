import { describe, expect, it } from "vitest";
import { type Guest, GuestError, type Op } from "../engine/ports/guest.ts";
import type { BlockImage } from "../engine/ports/host.ts";
import { GuestLayerDisk } from "./layer-disk.ts";
import { LayerDiskDevice, type LayerFailure } from "./layer-disk-device.ts";

const image = (size: number, fill: number): BlockImage => ({
  size,
  read: (_offset, length) => new Uint8Array(length).fill(fill),
});

describe("the layers' disk", () => {
  it("shows each layer at its extent and zeros elsewhere", async () => {
    const disk = new LayerDiskDevice();
    const a = disk.attach("a", image(8192, 1));
    const b = disk.attach("b", image(4096, 2));
    expect(await disk.read(a.start, 8192)).toEqual(new Uint8Array(8192).fill(1));
    expect(await disk.read(b.start, 4096)).toEqual(new Uint8Array(4096).fill(2));
    expect(await disk.read(b.start + 4096, 512)).toEqual(new Uint8Array(512));
  });

  it("reads across the border of two layers", async () => {
    const disk = new LayerDiskDevice();
    const slow: BlockImage = { size: 1 << 20, read: async (_offset, length) => new Uint8Array(length).fill(1) };
    disk.attach("a", slow);
    disk.attach("b", image(1 << 20, 2));
    const data = await disk.read((1 << 20) - 512, 1024);
    expect([data[0], data[511], data[512], data[1023]]).toEqual([1, 1, 2, 2]);
  });

  it("attaches a layer once and uses the space of a detached one again", () => {
    const disk = new LayerDiskDevice();
    const a = disk.attach("a", image(1 << 20, 1));
    disk.attach("b", image(1 << 20, 2));
    expect(disk.attach("a", image(1 << 20, 1))).toEqual(a);
    disk.detach("a");
    expect(disk.attach("c", image(1 << 20, 3)).start).toBe(a.start);
    expect(disk.layers().map(({ key }) => key)).toEqual(["c", "b"]);
  });

  it("names the layer whose data could not be had", async () => {
    const failures: LayerFailure[] = [];
    const disk = new LayerDiskDevice((failure) => failures.push(failure));
    const { start } = disk.attach("gone", { size: 4096, read: () => Promise.reject(new Error("offline")) });
    await expect(disk.read(start, 4096)).rejects.toThrow("Layer gone could not be read");
    expect(failures.map(({ key }) => key)).toEqual(["gone"]);
  });
});

describe("attaching a layer in the guest", () => {
  const recorder = (refuse = false) => {
    const ops: Op[] = [];
    const guest = {
      batch: async (list: readonly Op[]) => {
        ops.push(...list);
        if (refuse)
          throw new GuestError({ errno: "EBUSY", stage: "batch", operation: "addPartition", path: "/dev/sda" });
        return [];
      },
    } as unknown as Guest;
    return { guest, ops };
  };

  it("adds a partition for each layer, and one for two who ask at once", async () => {
    const { guest, ops } = recorder();
    const disk = new GuestLayerDisk(new LayerDiskDevice(), guest);
    const [one, same] = await Promise.all([disk.attach("a", image(4096, 1)), disk.attach("a", image(4096, 1))]);
    expect([one, same, await disk.attach("b", image(4096, 2))]).toEqual(["/dev/sda1", "/dev/sda1", "/dev/sda2"]);
    expect(ops).toEqual([
      { op: "addPartition", device: "/dev/sda", number: 1, start: 0, length: 4096 },
      { op: "addPartition", device: "/dev/sda", number: 2, start: 1 << 20, length: 4096 },
    ]);
  });

  it("gives the number and the space back when a layer leaves", async () => {
    const { guest } = recorder();
    const disk = new GuestLayerDisk(new LayerDiskDevice(), guest);
    await disk.attach("a", image(4096, 1));
    await disk.attach("b", image(4096, 2));
    await disk.detach("a");
    expect(await disk.attach("c", image(4096, 3))).toBe("/dev/sda1");
  });

  it("reads a layer of a saved machine from where this life has it", async () => {
    const device = new LayerDiskDevice();
    device.attach("a", image(4096, 1));
    const disk = new GuestLayerDisk(device, recorder().guest, { a: 1 });
    let asked = 0;
    disk.reopen("a", async () => {
      asked++;
      return image(4096, 7);
    });
    expect(asked).toBe(0);
    expect((await device.read(0, 512))[0]).toBe(7);
    expect(await disk.attach("a", image(4096, 1))).toBe("/dev/sda1");
  });

  it("forgets a layer that the kernel refused", async () => {
    const device = new LayerDiskDevice();
    const disk = new GuestLayerDisk(device, recorder(true).guest);
    await expect(disk.attach("a", image(4096, 1))).rejects.toThrow("EBUSY");
    expect(device.layers()).toEqual([]);
  });
});
