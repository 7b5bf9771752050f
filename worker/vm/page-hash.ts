/**
 * A fast 53-bit hash of 4 KiB pages of a WebAssembly memory, 0 for a page of zeros: it finds which pages of half a gigabyte
 * changed. A module of a few instructions with SIMD, put together here because it must share the emulator's memory.
 *
 * It must be compiled before Node is told to use its baseline compiler alone, which halves its speed.
 */

import { nameBytes, signedLeb, unsignedLeb } from "./wasm-binary.ts";

export const PAGE = 4096;

/** Address of a page → its hash. */
export type PageHash = (address: number) => number;

const I32 = 0x7f;
const I64 = 0x7e;
const F64 = 0x7c;
const V128 = 0x7b;
const VOID = 0x40;
const END = 0x0b;

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const tee = (local: number) => [0x22, local];
const i32 = (value: number) => [0x41, ...signedLeb(value)];
const simd = (operation: number, ...immediates: number[]) => [0xfd, ...unsignedLeb(operation), ...immediates];
const load = (pointer: number, offset: number) => [...get(pointer), ...simd(0x00, 4, ...unsignedLeb(offset))];
const OR = simd(80);
const XOR = simd(81);
const ANY_TRUE = simd(83);
const MULTIPLY = simd(181);
const SHIFT_RIGHT = simd(173);
const i64 = (value: bigint) => [0x42, ...signedLeb64(value)];

/** Odd numbers with well spread bits, one a lane. */
const PRIMES = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f];
const words = (values: readonly number[]) => simd(12, ...new Uint8Array(Uint32Array.from(values).buffer));

const [ADDRESS, POINTER, END_POINTER, FIRST_SUM, ANY, HASH] = [0, 1, 2, 3, 7, 8] as const;
const SUMS = [0, 1, 2, 3] as const;
const STEP = 64;

/** The value on the stack, multiplied and folded, so that high bits reach low ones. */
const MIX = [...[...words(PRIMES), ...MULTIPLY, ...tee(ANY)], ...[...get(ANY), ...i32(15), ...SHIFT_RIGHT, ...XOR]];

const advance = [
  ...[...get(POINTER), ...i32(STEP), 0x6a, ...tee(POINTER)],
  ...[...get(END_POINTER), 0x49, 0x0d, 0, END], // i32.lt_u, br_if, end of loop
];
const fromStart = [...get(ADDRESS), ...set(POINTER), 0x03, VOID];

const body = [
  ...[...get(ADDRESS), ...i32(PAGE), 0x6a, ...set(END_POINTER)],
  // All zeros?
  ...fromStart,
  ...get(ANY),
  ...SUMS.flatMap((sum) => [...load(POINTER, sum * 16), ...OR]),
  ...set(ANY),
  ...advance,
  ...[...get(ANY), ...ANY_TRUE, 0x45, 0x04, VOID, 0x44, ...new Uint8Array(8), 0x0f, END],
  // Four sums side by side, so that no multiplication waits for the one before.
  ...SUMS.flatMap((sum) => [...words(PRIMES.map((prime) => Math.imul(prime, 2 * sum + 1))), ...set(FIRST_SUM + sum)]),
  ...fromStart,
  ...SUMS.flatMap((sum) => [
    ...get(FIRST_SUM + sum),
    ...load(POINTER, sum * 16),
    ...XOR,
    ...MIX,
    ...set(FIRST_SUM + sum),
  ]),
  ...advance,
  ...get(FIRST_SUM),
  ...SUMS.slice(1).flatMap((sum) => [...MIX, ...get(FIRST_SUM + sum), ...XOR]),
  ...[...MIX, ...set(FIRST_SUM)],
  // Both halves into one number of 53 bits that is never 0.
  ...[...get(FIRST_SUM), ...simd(29, 0), ...i64(0x9e3779b97f4a7c15n), 0x7e],
  ...[...get(FIRST_SUM), ...simd(29, 1), ...i64(31n), 0x89, 0x85, ...i64(0xc2b2ae3d27d4eb4fn), 0x7e, ...set(HASH)],
  ...[...get(HASH), ...get(HASH), ...i64(29n), 0x88, 0x85, ...i64(11n), 0x88, ...i64(1n), 0x84, 0xba],
  END,
];

const section = (id: number, content: readonly number[]) => [id, ...unsignedLeb(content.length), ...content];
const locals = [4, 2, I32, 4, V128, 1, V128, 1, I64];

const MODULE = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, [1, 0x60, 1, I32, 1, F64]),
  ...section(2, [1, ...nameBytes("e"), ...nameBytes("m"), 2, 0, 1]),
  ...section(3, [1, 0]),
  ...section(7, [1, ...nameBytes("hash"), 0, 0]),
  ...section(10, [1, ...unsignedLeb(locals.length + body.length), ...locals, ...body]),
]);

let compiled: WebAssembly.Module | undefined;

export function pageHash(memory: WebAssembly.Memory): PageHash {
  compiled ??= new WebAssembly.Module(MODULE);
  return new WebAssembly.Instance(compiled, { e: { m: memory } }).exports.hash as PageHash;
}

/** Hashes of all pages of the memory, by page number. */
export function hashPages(memory: WebAssembly.Memory, hash: PageHash): Float64Array<ArrayBuffer> {
  const hashes = new Float64Array(memory.buffer.byteLength / PAGE);
  for (let page = 0; page < hashes.length; page++) hashes[page] = hash(page * PAGE);
  return hashes;
}

function signedLeb64(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asIntN(64, value);
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) {
      bytes.push(low);
      return bytes;
    }
    bytes.push(low | 0x80);
  }
}
