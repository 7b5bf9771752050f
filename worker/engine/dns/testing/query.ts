import { encodeName } from "../message.ts";

/** As `dig` sends it: identifier, recursion desired, one question, an EDNS record. */
export function queryFor(name: string, type: number, size?: number): Uint8Array {
  const question = [...encodeName(name), type >> 8, type & 0xff, 0, 1];
  const opt = size === undefined ? [] : [0, 0, 41, size >> 8, size & 0xff, 0, 0, 0, 0, 0, 0];
  return Uint8Array.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, size === undefined ? 0 : 1, ...question, ...opt]);
}
