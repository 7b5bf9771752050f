import type { SocketAddress } from "../engine/ports/guest.ts";
import type { WireWriter } from "./wire.ts";

/** b family, s path or literal address, h port: as guest-image/agent/sockets.c reads them. */
export function writeAddress(writer: WireWriter, address: SocketAddress): WireWriter {
  if (address.kind === "unix") return writer.u8(1).string(address.path).u16(0);
  return writer
    .u8(address.host.includes(":") ? 6 : 4)
    .string(address.host)
    .u16(address.port);
}

export function parseIpv4(host: string): Uint8Array | undefined {
  const parts = host.split(".").map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  return parts.length === 4 && parts.every((part) => part < 256) ? Uint8Array.from(parts) : undefined;
}

/** Of the textual forms of RFC 4291 all but those with an IPv4 tail or a zone. */
export function parseIpv6(host: string): Uint8Array | undefined {
  const [head = "", tail, more] = host.split("::");
  if (more !== undefined) return undefined;
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const before = groups(head);
  const after = groups(tail ?? "");
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const all = [...before, ...Array.from({ length: missing }, () => "0"), ...after];
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return Uint8Array.from(all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]));
}

/** RFC 5952: the longest run of zero groups shortened. */
export function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  const text = groups.join(":");
  const runs = [...text.matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length);
  const longest = runs[0];
  if (longest === undefined) return text;
  const before = text.slice(0, longest.index).replace(/:$/, "");
  const after = text.slice(longest.index + longest[0].length).replace(/^:/, "");
  return `${before}::${after}`;
}
