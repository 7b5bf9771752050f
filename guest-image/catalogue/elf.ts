/** As much of ELF (System V gABI, chapters 4 and 5) as tells a 32-bit shared object and its SONAME. */

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_STRTAB = 5;
const DT_SONAME = 14;
const ET_DYN = 3;
const EM_386 = 3;

/** The SONAME of an i386 shared object; undefined for anything else. */
export function sonameOf(file: Uint8Array): string | undefined {
  if (file.length < 52) return undefined;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const u16 = (at: number): number => view.getUint16(at, true);
  const u32 = (at: number): number => (at + 4 <= file.length ? view.getUint32(at, true) : 0);
  // "\x7fELF", 32 bits, little-endian.
  if (view.getUint32(0) !== 0x7f454c46 || view.getUint16(4) !== 0x0101) return undefined;
  if (u16(16) !== ET_DYN || u16(18) !== EM_386) return undefined;
  const headers = Array.from({ length: u16(44) }, (_, i) => {
    const at = u32(28) + i * u16(42);
    return { type: u32(at), offset: u32(at + 4), address: u32(at + 8), size: u32(at + 16) };
  });
  const dynamic = headers.find(({ type }) => type === PT_DYNAMIC);
  if (dynamic === undefined) return undefined;
  const tags = new Map<number, number>();
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 8) tags.set(u32(at), u32(at + 4));
  const [strings, name] = [tags.get(DT_STRTAB), tags.get(DT_SONAME)];
  const segment = headers.find(
    ({ type, address, size }) =>
      type === PT_LOAD && strings !== undefined && strings >= address && strings < address + size,
  );
  if (strings === undefined || name === undefined || segment === undefined) return undefined;
  const start = strings - segment.address + segment.offset + name;
  const end = file.indexOf(0, start);
  return end < 0 ? undefined : new TextDecoder().decode(file.subarray(start, end));
}
