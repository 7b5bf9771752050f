import { expect, it } from "vitest";
import { parseMeminfo } from "./machine-memory.ts";

it("reads what the kernel says of its memory, through a terminal's line ends, and knows when it says nothing", () => {
  expect(parseMeminfo("MemTotal:     502016 kB\r\nMemFree: 1 kB\r\nMemAvailable:  417300 kB\r\n")).toEqual({
    total: 502016 * 1024,
    available: 417300 * 1024,
  });
  expect(parseMeminfo("cat: /proc/meminfo: No such file or directory\r\n")).toBeUndefined();
});
