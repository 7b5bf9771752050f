import { describe, expect, it } from "vitest";
import { hoodOf } from "../dev/fake-hood.ts";
import { HoodHistory } from "./history.ts";

const report = hoodOf("web");
const withUse = (usage: number, memory: number) => ({
  ...report,
  cgroup: {
    ...report.cgroup,
    files: [
      { name: "memory.current", value: String(memory) },
      { name: "cpu.stat usage_usec", value: String(usage) },
      { name: "cpu.max", value: "max 100000" },
    ],
  },
});

describe("earlier looks under the hood", () => {
  it("plot what a file said, and of one that counts up what came in between", () => {
    const history = new HoodHistory();
    for (const [usage, memory] of [
      [1000, 5],
      [1500, 7],
      [1600, 6],
    ] as const)
      history.add(withUse(usage, memory));
    expect(history.values(report, "memory.current")).toEqual([5, 7, 6]);
    expect(history.values(report, "cpu.stat usage_usec")).toEqual([0, 500, 100]);
    expect(history.values(report, "cpu.max")).toEqual([]);
  });

  it("tell which files are new since the last one, and none at the first", () => {
    const history = new HoodHistory();
    const written = { kind: "added", path: "/tmp/new" } as const;
    history.add(report);
    expect(report.filesystem.changes.some((change) => history.isFresh(report, change))).toBe(false);
    history.add({ ...report, filesystem: { ...report.filesystem, changes: [...report.filesystem.changes, written] } });
    expect(history.isFresh(report, written)).toBe(true);
    expect(history.isFresh({ ...report, pid: 9 }, written)).toBe(false);
  });
});
