import fc from "fast-check";
import { expect, test } from "vitest";
import { WireError, WireReader, WireWriter } from "./wire.ts";

test("what is written is read back", () => {
  fc.assert(
    fc.property(
      fc.nat(255),
      fc.nat(65535),
      fc.bigInt({ min: 0n, max: (1n << 53n) - 1n }),
      fc.string({ maxLength: 300 }).filter((text) => !text.includes("\0")),
      fc.uint8Array({ maxLength: 2000 }),
      (byte, half, long, text, data) => {
        const writer = new WireWriter().u8(byte).u16(half).u32(0xfffffffe).u64(long).string(text).data(data);
        const reader = new WireReader(writer.bytes());
        expect([reader.u8(), reader.u16(), reader.u32(), reader.u64()]).toEqual([byte, half, 0xfffffffe, Number(long)]);
        expect(reader.string()).toBe(text);
        expect(reader.data()).toEqual(data);
        expect(reader.remaining).toBe(0);
      },
    ),
  );
});

test("a string with a NUL is refused, for the kernel would see another one", () => {
  expect(() => new WireWriter().string("a\0b")).toThrow(WireError);
});

test("reading beyond the end is an error of the wire", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const reader = new WireReader(bytes);
      try {
        for (;;) {
          reader.string();
          reader.data();
          reader.count(4);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    }),
  );
});

test("a count larger than what follows allocates nothing", () => {
  const bytes = new WireWriter().u32(0xffffffff).u32(0).bytes();
  expect(() => new WireReader(bytes).count(1)).toThrow(WireError);
});
