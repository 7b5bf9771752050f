import fc from "fast-check";
import { expect, test } from "vitest";
import { formatIpv6, parseIpv4, parseIpv6 } from "./addresses.ts";

test("IPv6 addresses are formatted as RFC 5952 says, and read back", () => {
  expect(formatIpv6(new Uint8Array(16))).toBe("::");
  expect(formatIpv6(parseIpv6("::1") ?? new Uint8Array())).toBe("::1");
  expect(formatIpv6(parseIpv6("fe80:0:0:0:1:0:0:2") ?? new Uint8Array())).toBe("fe80::1:0:0:2");
  expect(formatIpv6(parseIpv6("2001:db8::") ?? new Uint8Array())).toBe("2001:db8::");
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      expect(parseIpv6(formatIpv6(bytes))).toEqual(bytes);
    }),
  );
});

test("what is no address is none", () => {
  for (const text of ["", "1.2.3", "1.2.3.256", "a.b.c.d", "1.2.3.4.5"]) expect(parseIpv4(text)).toBeUndefined();
  for (const text of ["", "1::2::3", "1:2:3", "::g", "1:2:3:4:5:6:7:8:9"]) expect(parseIpv6(text)).toBeUndefined();
});
