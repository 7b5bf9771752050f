import { describe, expect, it } from "vitest";
import { freeBlocks } from "./free-pages.ts";

const symbols = { memMap: 0xc0000100, maxMapnr: 0xc0000104 };
const pages = 32;
const table = 4096;
const FREE = 0xffffff7f;

/** A guest of a few pages whose table says which blocks are free. */
function guest(...free: readonly { readonly page: number; readonly order: number }[]): Uint8Array {
  const memory = new Uint8Array(pages * 4096);
  const view = new DataView(memory.buffer);
  view.setUint32(0x100, 0xc0000000 + table, true);
  view.setUint32(0x104, pages, true);
  for (let page = 0; page < pages; page++) view.setUint32(table + page * 40 + 24, 0xffffffff, true);
  for (const { page, order } of free) {
    view.setUint32(table + page * 40 + 24, FREE, true);
    view.setUint32(table + page * 40 + 20, order, true);
  }
  return memory;
}

describe("the kernel's free pages", () => {
  it("are the blocks that the buddy allocator holds", () => {
    expect(freeBlocks(guest({ page: 4, order: 2 }, { page: 9, order: 0 }), symbols)).toEqual([
      { first: 4, count: 4 },
      { first: 9, count: 1 },
    ]);
  });

  it("are not guessed where the table makes no sense", () => {
    expect(() => freeBlocks(guest({ page: 5, order: 2 }), symbols)).toThrow("not understood at page 5");
    expect(() => freeBlocks(guest({ page: 16, order: 5 }), symbols)).toThrow("not understood");
    expect(() => freeBlocks(new Uint8Array(8192), symbols)).toThrow("not where its symbols say");
  });
});
