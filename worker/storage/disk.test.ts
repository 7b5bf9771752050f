import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryFile } from "./byte-file.ts";
import { DISK_BLOCK, type DiskBase, type DiskFiles, SparseDisk } from "./disk.ts";

const blank = (size: number, fill = 0): DiskBase => ({ size, read: (_offset, target) => void target.fill(fill) });
const files = (): DiskFiles => ({ data: new MemoryFile(), index: [new MemoryFile(), new MemoryFile()] });
const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill);

describe("the sparse disk", () => {
  it("shows its base until a block is written", () => {
    const disk = new SparseDisk(blank(4 * DISK_BLOCK, 7), files());
    disk.write(DISK_BLOCK + 512, bytes(512, 1));
    expect(disk.read(DISK_BLOCK, 1536)).toEqual(
      Uint8Array.from([...bytes(512, 7), ...bytes(512, 1), ...bytes(512, 7)]),
    );
    expect(disk.usedBytes).toBe(DISK_BLOCK);
  });

  it("takes no space for what is there already", () => {
    const disk = new SparseDisk(blank(4 * DISK_BLOCK), files());
    disk.write(0, bytes(2 * DISK_BLOCK, 0));
    expect(disk.usedBytes).toBe(0);
  });

  it("is the same after it was opened again", () => {
    const store = files();
    const disk = new SparseDisk(blank(8 * DISK_BLOCK), store);
    disk.write(1000 * 512, bytes(512, 3));
    const generation = disk.freeze();
    disk.write(1000 * 512, bytes(512, 4));
    const again = new SparseDisk(blank(8 * DISK_BLOCK), store);
    expect(again.read(1000 * 512, 512)).toEqual(bytes(512, 4));
    expect(again.generations).toEqual([generation]);
    again.rewind(generation);
    const third = new SparseDisk(blank(8 * DISK_BLOCK), store);
    expect(third.read(1000 * 512, 512)).toEqual(bytes(512, 3));
  });

  it("lists a generation's blocks for an export, and becomes its base again", () => {
    const disk = new SparseDisk(blank(4 * DISK_BLOCK), files());
    disk.write(DISK_BLOCK, bytes(DISK_BLOCK, 5));
    const generation = disk.freeze();
    disk.write(DISK_BLOCK, bytes(DISK_BLOCK, 6));
    disk.write(3 * DISK_BLOCK, bytes(512, 6));
    disk.clear();
    expect(disk.read(DISK_BLOCK, 512)).toEqual(bytes(512, 0));
    const blocks = disk.writtenBlocks(generation);
    expect(blocks.map(({ block, bytes: size }) => [block, size])).toEqual([[1, DISK_BLOCK]]);
    expect(blocks[0]?.read()).toEqual(bytes(DISK_BLOCK, 5));
    disk.forget(generation);
    expect(disk.usedBytes).toBe(0);
  });

  it("opens with what was complete when the power went during a write of its index", () => {
    const store = files();
    const disk = new SparseDisk(blank(8 * DISK_BLOCK), store);
    disk.write(0, bytes(512, 1));
    disk.write(DISK_BLOCK, bytes(512, 2));
    const newest = store.index[0].size() > store.index[1].size() ? store.index[0] : store.index[1];
    newest.truncate(newest.size() - 7);
    const again = new SparseDisk(blank(8 * DISK_BLOCK), store);
    expect(again.read(0, 512)).toEqual(bytes(512, 1));
    expect(again.read(DISK_BLOCK, 512)).toEqual(bytes(512, 0));
  });

  it("keeps a frozen generation as it was and gives its space back when it is forgotten", () => {
    const disk = new SparseDisk(blank(4 * DISK_BLOCK), files());
    disk.write(0, bytes(512, 1));
    const generation = disk.freeze();
    disk.write(0, bytes(512, 2));
    expect(disk.usedBytes).toBe(2 * DISK_BLOCK);
    disk.forget(generation);
    expect(disk.usedBytes).toBe(DISK_BLOCK);
    disk.write(DISK_BLOCK, bytes(512, 3));
    expect(disk.usedBytes).toBe(2 * DISK_BLOCK);
    expect(() => disk.rewind(generation)).toThrow(`no generation ${generation}`);
  });

  it("refuses what lies outside of it", () => {
    const disk = new SparseDisk(blank(DISK_BLOCK), files());
    expect(() => disk.write(DISK_BLOCK - 512, bytes(1024, 1))).toThrow(RangeError);
  });

  it("behaves like a plain array with copies, whatever is done to it", () => {
    const size = 3 * DISK_BLOCK;
    const step = fc.oneof(
      fc.record({
        do: fc.constant("write" as const),
        at: fc.nat(size / 512 - 4),
        sectors: fc.integer({ min: 1, max: 4 }),
        fill: fc.nat(255),
      }),
      fc.record({
        do: fc.constantFrom("freeze" as const, "rewind" as const, "forget" as const, "reopen" as const),
        pick: fc.nat(9),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const store = files();
        let disk = new SparseDisk(blank(size, 9), store);
        let model = bytes(size, 9);
        const copies = new Map<number, Uint8Array<ArrayBuffer>>();
        for (const one of steps) {
          if (one.do === "write") {
            disk.write(one.at * 512, bytes(one.sectors * 512, one.fill));
            model.fill(one.fill, one.at * 512, (one.at + one.sectors) * 512);
            continue;
          }
          const known = [...copies.keys()][one.pick % Math.max(1, copies.size)];
          if (one.do === "freeze") copies.set(disk.freeze(), model.slice());
          else if (one.do === "reopen") disk = new SparseDisk(blank(size, 9), store);
          else if (known !== undefined && one.do === "rewind") {
            disk.rewind(known);
            model = (copies.get(known) ?? model).slice();
          } else if (known !== undefined) {
            disk.forget(known);
            copies.delete(known);
          }
        }
        expect(Buffer.compare(disk.read(0, size), model)).toBe(0);
        for (const [generation, copy] of copies) {
          disk.rewind(generation);
          expect(Buffer.compare(disk.read(0, size), copy)).toBe(0);
        }
      }),
      { numRuns: 60 },
    );
  });
});
