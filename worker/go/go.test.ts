import { describe, expect, test } from "vitest";
import { parseCsv } from "./csv.ts";
import { durationOf, goDuration, parseDuration } from "./duration.ts";
import { typeName } from "./json.ts";
import { parseUint, quoted, quotedRune } from "./strconv.ts";
import { goTimeOf } from "./time.ts";
import { bytesSize, humanDuration, humanSize, parseBytes, parseSize } from "./units.ts";

test.each([
  [0, "0B"],
  [999, "999B"],
  [1_984_000, "1.98MB"],
  [1_000, "1kB"],
  [999_900_000, "1e+03MB"],
  [123_456_789, "123MB"],
])("%d bytes are %s, three digits wide", (size, text) => expect(humanSize(size, 3)).toBe(text));
test("sizes in powers of 1024 keep four digits", () => expect(bytesSize(8_204_120_064)).toBe("7.641GiB"));

test.each([
  [0, "Less than a second"],
  [1_000, "1 second"],
  [59_999, "59 seconds"],
  [60_000, "About a minute"],
  [5 * 60_000, "5 minutes"],
  [3_600_000, "About an hour"],
  [47 * 3_600_000, "47 hours"],
  [48 * 3_600_000, "2 days"],
  [14 * 86_400_000, "2 weeks"],
  [60 * 86_400_000, "2 months"],
  [730 * 86_400_000, "2 years"],
])("%d ms are %s", (duration, text) => expect(humanDuration(duration)).toBe(text));

test("Go's durations and times", () => {
  expect([0, 1_500, 2.5e9, 6e10, 3.6e12 + 1e9].map(goDuration)).toEqual(["0s", "1.5µs", "2.5s", "1m0s", "1h0m1s"]);
  expect(goTimeOf("2025-05-30T12:07:14.120000000Z")).toBe("2025-05-30 12:07:14.12 +0000 UTC");
});

describe("what is read", () => {
  test("sizes", () => {
    expect(["1", "1k", "64m", "1.5g", "2 GB", "3KiB", "5b"].map(parseBytes)).toEqual([
      1, 1024, 67_108_864, 1_610_612_736, 2_147_483_648, 3072, 5,
    ]);
    expect(() => parseBytes("x")).toThrow("invalid size: 'x'");
    expect(() => parseBytes("5foo")).toThrow("invalid suffix: 'foo'");
  });
  test("durations", () => {
    expect(["0", "1.5s", "1h2m3s", "-5ms", "10us"].map(parseDuration)).toEqual([0, 1.5e9, 3.723e12, -5e6, 1e4]);
    expect(() => parseDuration("5")).toThrow('time: missing unit in duration "5"');
    expect(() => parseDuration("5x")).toThrow('time: unknown unit "x" in duration "5x"');
    expect(() => parseDuration("x")).toThrow('time: invalid duration "x"');
  });
  test("sizes in powers of 1000", () =>
    expect(["1k", "10m", "1.5kB"].map(parseSize)).toEqual([1000, 10_000_000, 1500]));
  test("what is no duration is undefined where that is asked", () =>
    expect([durationOf("1h30m"), durationOf("soon")]).toEqual([5.4e12, undefined]));
  test("fields of one record, quoted or not", () =>
    expect(parseCsv('type=bind,"source=/a,b"')).toEqual(["type=bind", "source=/a,b"]));
  test("numbers within their bits", () => {
    expect(parseUint("65535", 16n)).toBe(65_535);
    expect(() => parseUint("65536", 16n)).toThrow('strconv.ParseUint: parsing "65536": value out of range');
    expect(() => parseUint("-1", 16n)).toThrow('strconv.ParseUint: parsing "-1": invalid syntax');
  });
});

test("text and runes are quoted as Go's source has them", () => {
  expect(quoted('a"b\\\n\u0000é')).toBe('"a\\"b\\\\\\n\\x00é"');
  expect([7, 39, 65, 1].map(quotedRune)).toEqual(["'\\a'", "'\\''", "'A'", "'\\x01'"]);
});

test("a JSON value's type has Go's name", () =>
  expect([[], {}, true, 1, "a"].map(typeName)).toEqual(["array", "object", "bool", "number", "string"]));
