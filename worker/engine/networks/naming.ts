/** Ids and hardware addresses, made from the engine's randomness. */
import { formatMac } from "../netlink/index.ts";
import type { Randomness } from "../ports/host.ts";

export const hexId = (random: Randomness): string =>
  Array.from(random.bytes(32), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Unicast and locally administered, as Docker has made them since 28. */
export function newMac(random: Randomness): Uint8Array {
  const bytes = random.bytes(6).slice();
  bytes[0] = ((bytes[0] ?? 0) & 0xfe) | 0x02;
  return bytes;
}
export const newMacText = (random: Randomness): string => formatMac(newMac(random));
