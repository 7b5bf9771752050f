/**
 * Clears what the kernel has free, in a machine that is paused: what lies there is of no use to anyone and would be half of
 * the snapshot. Which pages are free is read from the kernel's own table of pages (`mem_map`, include/linux/mm_types.h and
 * page-flags.h of Linux 6.1): the first page of a free block has the buddy allocator's type, and the block's order with it.
 * A program that takes all memory and gives it back does not do: its page tables are left behind, and what the kernel holds
 * in reserve stays as it was.
 */

import { readFileSync } from "node:fs";
import type { Machine } from "../../worker/vm/machine.ts";

const PAGE = 4096;
/** Where the kernel maps physical memory (no high memory). */
const PAGE_OFFSET = 0xc0000000;
/** sizeof(struct page): eight words, and the memory cgroup, rounded up to eight bytes. */
const ENTRY = 40;
const ORDER_AT = 20;
const TYPE_AT = 24;
/** PAGE_TYPE_BASE with PG_buddy taken away, as __SetPageBuddy leaves it. */
const FREE_BLOCK = 0xffffff7f;
const LARGEST_ORDER = 10;

/** Answers how many pages were free. */
export function clearFreeMemory(machine: Machine): number {
  const symbols = readSymbols();
  const guest = machine.guestMemory();
  const view = new DataView(guest.buffer, guest.byteOffset, guest.byteLength);
  const table = view.getUint32(physical(symbols, "mem_map"), true) - PAGE_OFFSET;
  const pages = view.getUint32(physical(symbols, "max_mapnr"), true);
  if (table < 0 || pages * PAGE > guest.length || table + pages * ENTRY > guest.length) {
    throw new Error("The kernel's table of pages is not where its symbols say");
  }
  let free = 0;
  for (let page = 0; page < pages; ) {
    const entry = table + page * ENTRY;
    if (view.getUint32(entry + TYPE_AT, true) !== FREE_BLOCK) {
      page++;
      continue;
    }
    const order = view.getUint32(entry + ORDER_AT, true);
    const count = 1 << order;
    if (order > LARGEST_ORDER || page % count !== 0 || page + count > pages) {
      throw new Error(`The kernel's table of pages is not understood at page ${page}`);
    }
    machine.forgetCode(page * PAGE, (page + count) * PAGE);
    guest.fill(0, page * PAGE, (page + count) * PAGE);
    free += count;
    page += count;
  }
  return free;
}

function physical(symbols: ReadonlyMap<string, number>, name: string): number {
  const address = symbols.get(name);
  if (address === undefined) throw new Error(`guest-image/prebuilt/bzImage.symbols has no ${name}`);
  return address - PAGE_OFFSET;
}

function readSymbols(): Map<string, number> {
  const text = readFileSync(new URL("../prebuilt/bzImage.symbols", import.meta.url), "utf8");
  const lines = text.trim().split("\n");
  return new Map(lines.map((line) => [line.split(" ")[0] ?? "", Number.parseInt(line.split(" ")[1] ?? "", 16)]));
}
