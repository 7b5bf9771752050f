import type { Datagram } from "../engine/ports/guest.ts";
import { formatIpv6, parseIpv4, parseIpv6 } from "./addresses.ts";
import { WireError, WireReader, WireWriter } from "./wire.ts";

const ADDRESS_LENGTH = 16;

/** b family, 16 bytes of address, h port, the data: as guest-image/agent/streams.c has it. */
export function readDatagram(bytes: Uint8Array): Datagram {
  const reader = new WireReader(bytes);
  const family = reader.u8();
  const address = reader.raw(ADDRESS_LENGTH);
  const port = reader.u16();
  const host = family === 6 ? formatIpv6(address) : address.subarray(0, 4).join(".");
  return { host, port, data: reader.rest().slice() };
}

export function writeDatagram({ host, port, data }: Datagram): Uint8Array {
  const v4 = parseIpv4(host);
  const address = v4 ?? parseIpv6(host);
  if (address === undefined) throw new WireError(`not an address: ${host}`);
  const padding = new Uint8Array(ADDRESS_LENGTH - address.length);
  return new WireWriter()
    .u8(v4 === undefined ? 6 : 4)
    .raw(address)
    .raw(padding)
    .u16(port)
    .raw(data)
    .bytes();
}
