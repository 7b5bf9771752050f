/**
 * Which pages the guest's kernel has free, read from its own table of pages (`mem_map`, include/linux/mm_types.h and page-flags.h of
 * Linux 6.1): the first page of a free block has the buddy allocator's type, and the block's order with it. What lies in free pages is of
 * no use to anyone; they are half of what differs between two instants.
 */

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

/** Addresses of the kernel's variables. */
export interface KernelSymbols {
  readonly memMap: number;
  readonly maxMapnr: number;
}

/** In pages. */
export interface FreeBlock {
  readonly first: number;
  readonly count: number;
}

/** Of a machine that is paused. Throws when the table is not understood. */
export function freeBlocks(guest: Uint8Array, symbols: KernelSymbols): readonly FreeBlock[] {
  const view = new DataView(guest.buffer, guest.byteOffset, guest.byteLength);
  const table = view.getUint32(symbols.memMap - PAGE_OFFSET, true) - PAGE_OFFSET;
  const pages = view.getUint32(symbols.maxMapnr - PAGE_OFFSET, true);
  if (table < 0 || pages * PAGE > guest.length || table + pages * ENTRY > guest.length) {
    throw new Error("The kernel's table of pages is not where its symbols say");
  }
  const free: FreeBlock[] = [];
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
    free.push({ first: page, count });
    page += count;
  }
  return free;
}
