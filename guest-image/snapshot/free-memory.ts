/**
 * Clears what the kernel has free, in a machine that is paused: what lies there is of no use to anyone and would be half of
 * the snapshot. A program that takes all memory and gives it back does not do: its page tables are left behind, and what the kernel holds
 * in reserve stays as it was.
 */

import { readFileSync } from "node:fs";
import { freeBlocks, type KernelSymbols } from "../../worker/vm/free-pages.ts";
import type { Machine } from "../../worker/vm/machine.ts";

const PAGE = 4096;

/** Answers how many pages were free. */
export function clearFreeMemory(machine: Machine): number {
  const guest = machine.guestMemory();
  let free = 0;
  for (const { first, count } of freeBlocks(guest, readSymbols())) {
    machine.forgetCode(first * PAGE, (first + count) * PAGE);
    guest.fill(0, first * PAGE, (first + count) * PAGE);
    free += count;
  }
  return free;
}

/** Of the prebuilt kernel. */
export function readSymbols(): KernelSymbols {
  const text = readFileSync(new URL("../prebuilt/bzImage.symbols", import.meta.url), "utf8");
  const addresses = new Map(
    text
      .trim()
      .split("\n")
      .map((line) => line.split(" ") as [string, string]),
  );
  const address = (name: string): number => {
    const found = addresses.get(name);
    if (found === undefined) throw new Error(`guest-image/prebuilt/bzImage.symbols has no ${name}`);
    return Number.parseInt(found, 16);
  };
  return { memMap: address("mem_map"), maxMapnr: address("max_mapnr") };
}
