import { describe, expect, it } from "vitest";
import { hashPages, PAGE, pageHash } from "./page-hash.ts";

describe("the hash of a page", () => {
  const memory = new WebAssembly.Memory({ initial: 2 });
  const bytes = new Uint8Array(memory.buffer);
  const hash = pageHash(memory);

  it("is 0 for zeros alone", () => {
    bytes.fill(0);
    expect(hash(0)).toBe(0);
    for (const at of [0, 63, 64, 4095]) {
      bytes.fill(0);
      bytes[at] = 1;
      expect(hash(0)).not.toBe(0);
      expect(hash(PAGE)).toBe(0);
    }
  });

  it("differs for each single bit", () => {
    bytes.fill(0);
    bytes.fill(0x5a, 0, PAGE);
    const seen = new Set([hash(0)]);
    for (let bit = 0; bit < PAGE * 8; bit++) {
      const at = bit >> 3;
      const old = bytes[at] ?? 0;
      bytes[at] = old ^ (1 << (bit & 7));
      seen.add(hash(0));
      bytes[at] = old;
    }
    expect(seen.size).toBe(PAGE * 8 + 1);
  });

  it("differs when two high bits change, or two words change places", () => {
    const view = new DataView(memory.buffer);
    bytes.fill(0);
    view.setUint32(0, 0x80000000, true);
    view.setUint32(64, 0x80000000, true);
    const both = hash(0);
    bytes.fill(0);
    bytes[100] = 1;
    const one = hash(0);
    bytes[100] = 0;
    bytes[164] = 1;
    expect(new Set([both, one, hash(0)]).size).toBe(3);
  });

  it("is the same for the same content at another place", () => {
    for (let at = 0; at < PAGE; at++) bytes[at] = (at * 7) & 0xff;
    bytes.copyWithin(5 * PAGE, 0, PAGE);
    const all = hashPages(memory, hash);
    expect(all[5]).toBe(all[0]);
    expect(all.length).toBe(32);
  });
});
