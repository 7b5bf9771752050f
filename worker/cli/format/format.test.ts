import { describe, expect, test } from "vitest";
import { displayPorts } from "./rows/container.ts";
import { alignTabs } from "./tabwriter.ts";
import { ellipsis, naturalCompare, shortId } from "./text.ts";
import { apiTimestamp } from "./timestamp.ts";

test("consecutive ports that map to themselves are shown as a range", () => {
  const port = (PrivatePort: number, PublicPort?: number, IP?: string) => ({
    PrivatePort,
    ...(PublicPort !== undefined && { PublicPort }),
    ...(IP !== undefined && { IP }),
    Type: "tcp",
  });
  expect(
    displayPorts([port(81), port(80), port(90, 90, "0.0.0.0"), port(91, 91, "0.0.0.0"), port(443, 8443, "::")]),
  ).toBe("80-81/tcp, 0.0.0.0:90-91->90-91/tcp, [::]:8443->443/tcp");
});

test("columns are as wide as their widest cell in a block of lines", () => {
  expect(alignTabs("A\tB\nlonger than ten\tx\n")).toBe("A                 B\nlonger than ten   x\n");
  expect(alignTabs("a\tb\tc\n\nx\ty\n", { minimum: 0, padding: 1 })).toBe("a b c\n\nx y\n");
});

describe("texts", () => {
  test("ids lose the algorithm and all but twelve characters", () =>
    expect(shortId(`sha256:${"f".repeat(64)}`)).toBe("f".repeat(12)));
  test("an ellipsis counts wide characters twice", () => {
    expect(ellipsis("abcdef", 4)).toBe("abc…");
    expect(ellipsis("漢字漢字", 5)).toBe("漢字…");
  });
  test("numbers in names sort as numbers", () =>
    expect(["a10", "a9", "A1"].sort(naturalCompare)).toEqual(["A1", "a9", "a10"]));
});

test("--since takes durations, dates and seconds", () => {
  expect(apiTimestamp("10m", 1_700_000_000_000)).toBe("1699999400");
  expect(apiTimestamp("2023-11-14T22:13:20", 0)).toBe("1700000000.000000000");
  expect(apiTimestamp("1700000000.5", 0)).toBe("1700000000.5");
  expect(() => apiTimestamp("soon", 0)).toThrow('failed to parse value as time or duration: "soon"');
});
