import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PAGE } from "./page-hash.ts";
import { encodeState, gatherPages, runsOf, StateDecoder } from "./state-image.ts";

describe("a machine's state as a stream", () => {
  it("makes runs of neighbouring pages", () => {
    expect(runsOf([1, 2, 3, 7, 9, 10])).toEqual([
      { first: 1, count: 3 },
      { first: 7, count: 1 },
      { first: 9, count: 2 },
    ]);
  });

  it("comes into place whatever pieces it arrives in", () => {
    const memory = new Uint8Array(12 * PAGE).map((_, index) => (index * 31) & 0xff);
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(11), { minLength: 1 }),
        fc.uint8Array({ maxLength: 9 }),
        fc.integer({ min: 1, max: 9000 }),
        (some, devices, piece) => {
          const pages = runsOf(some.sort((a, b) => a - b));
          const clear = [{ first: 11, count: 1 }];
          const encoded = encodeState({ devices, pages, clear }, gatherPages(memory, pages));
          const target = new Uint8Array(memory.length);
          const decoder = new StateDecoder();
          let image: ReturnType<StateDecoder["readImage"]>;
          for (let at = 0; at < encoded.length; at += piece) {
            const bytes = encoded.subarray(at, at + piece);
            if (image !== undefined) decoder.place(bytes, target);
            else {
              image = decoder.readImage(bytes);
              if (image !== undefined) decoder.place(image.rest, target);
            }
          }
          expect(image?.image).toEqual({ devices, pages, clear });
          expect(decoder.complete).toBe(true);
          for (let page = 0; page < 12; page++) {
            const expected = some.includes(page)
              ? memory.subarray(page * PAGE, (page + 1) * PAGE)
              : new Uint8Array(PAGE);
            expect(Buffer.compare(target.subarray(page * PAGE, (page + 1) * PAGE), expected)).toBe(0);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it("is refused when it is something else, or longer than it says", () => {
    expect(() => new StateDecoder().readImage(new Uint8Array(64))).toThrow("Not a machine's state");
    const decoder = new StateDecoder();
    const read = decoder.readImage(encodeState({ devices: new Uint8Array(), pages: [], clear: [] }, new Uint8Array()));
    expect(read?.rest.length).toBe(0);
    expect(() => decoder.place(new Uint8Array(1), new Uint8Array(PAGE))).toThrow("longer");
  });
});
