/** Ids and hardware addresses. */
import { addressBytes, formatMac, parseAddress } from "../netlink/index.ts";
import type { Randomness } from "../ports/host.ts";

export const hexId = (random: Randomness): string =>
  Array.from(random.bytes(32), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Unicast and locally administered. */
export function newMac(random: Randomness): Uint8Array {
  const bytes = random.bytes(6).slice();
  bytes[0] = ((bytes[0] ?? 0) & 0xfe) | 0x02;
  return bytes;
}

/**
 * An endpoint's hardware address, made from its IPv4 address as Docker did until 27. Since 28 Docker makes random ones and announces
 * them; here an address that goes from one container to the next stays right in everybody's neighbour tables.
 */
export function endpointMac(address4: string | undefined, random: Randomness): Uint8Array {
  const address = address4 === undefined ? undefined : parseAddress(address4);
  return address === undefined ? newMac(random) : Uint8Array.of(0x02, 0x42, ...addressBytes(address));
}
export const endpointMacText = (address4: string | undefined, random: Randomness): string =>
  formatMac(endpointMac(address4, random));
