/** Docker's ids: 64 hex digits, whose first twelve are not all decimal (they would pass for a number or a UID). */
import type { ContainerId } from "../domains.ts";
import type { Randomness } from "../ports/host.ts";

export function newId(randomness: Randomness): string {
  for (;;) {
    const id = Array.from(randomness.bytes(32), (b) => b.toString(16).padStart(2, "0")).join("");
    if (/[a-f]/.test(id.slice(0, 12))) return id;
  }
}
export const newContainerId = (randomness: Randomness): ContainerId => newId(randomness) as ContainerId;
