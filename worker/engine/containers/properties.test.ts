import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EngineError } from "../errors.ts";
import { parseTmpfsOptions } from "../runtime/index.ts";
import { DetachScanner, parseDetachKeys } from "./detach-keys.ts";
import { withVariables } from "./environment.ts";
import { parsePortFilter } from "./list.ts";
import { decodeEntry, encodeEntry, LineSplitter } from "./log-entry.ts";
import { cleanPath, parseBind } from "./mount-specs.ts";
import { checkName } from "./names.ts";
import { restartDelay } from "./restart-policy.ts";
import { parseSignal } from "./signals.ts";
import { frame } from "./stdcopy.ts";
import { formatLogTime, formatTime, parseTimestamp } from "./times.ts";

const refusedOr = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch (error) {
    expect(error).toBeInstanceOf(EngineError);
    return undefined;
  }
};

describe("Names", () => {
  it("are accepted exactly where Docker's pattern accepts them", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\/?[a-zA-Z0-9_.-]{1,12}$/)), (name) => {
        const accepted = refusedOr(() => checkName(name));
        expect(accepted !== undefined).toBe(/^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name));
        if (accepted !== undefined) expect(accepted.startsWith("/")).toBe(false);
      }),
    );
  });
});

describe("Mount specifications", () => {
  it("give an absolute target below the root, or Docker's refusal", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[/a-z.]{0,8}:[/a-z.]{0,8}(:[a-z,]{0,6})?$/)), (spec) => {
        const mount = refusedOr(() => parseBind(spec, ""));
        if (mount === undefined) return;
        expect(mount.destination).toMatch(/^\/./);
        expect(mount.destination.split("/")).not.toContain("..");
      }),
    );
  });
  it("know their modes", () => {
    expect(parseBind("/a:/b:ro,rslave", "")).toMatchObject({ type: "bind", writable: false, propagation: "rslave" });
    expect(parseBind("vol:/b:nocopy", "")).toMatchObject({ type: "volume", source: "vol", detail: { copyUp: false } });
    expect(parseBind("/only", "")).toMatchObject({ type: "volume", destination: "/only", detail: { anonymous: true } });
  });
  it("clean paths do not leave the root and stay as they are", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[/a.]*$/), (path) => {
        const clean = cleanPath(path);
        expect(clean).toMatch(/^\//);
        expect(clean.split("/")).not.toContain("..");
        expect(cleanPath(clean)).toBe(clean);
      }),
    );
  });
  it("of tmpfs are flags and data", () => {
    const propagation = ["shared", "rec"];
    const flags = ["nosuid", "nodev", "ro"];
    expect(parseTmpfsOptions("size=64m,exec,ro,rshared")).toEqual({ flags, data: "size=64m", propagation });
    expect(parseTmpfsOptions("")).toMatchObject({ data: "", propagation: [] });
  });
});

describe("Port filters", () => {
  it("are ranges in order, with a protocol", () => {
    expect(parsePortFilter("80")).toEqual({ first: 80, last: 80, protocol: "tcp" });
    expect(parsePortFilter("8000-8010/udp")).toEqual({ first: 8000, last: 8010, protocol: "udp" });
    expect(parsePortFilter("90-80")).toBeUndefined();
    fc.assert(
      fc.property(fc.string(), (text) => {
        const filter = parsePortFilter(text);
        if (filter !== undefined) expect(filter.first <= filter.last && filter.last <= 65535).toBe(true);
      }),
    );
  });
});

describe("Logs", () => {
  it("cut a stream into the same lines however it is chunked", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-zäß€]*\n?$/)), fc.integer({ min: 1, max: 7 }), (parts, size) => {
        const bytes = new TextEncoder().encode(parts.join(""));
        const lines: string[] = [];
        const splitter = new LineSplitter();
        for (let at = 0; at < bytes.length; at += size)
          splitter.push(bytes.subarray(at, at + size), (line) => lines.push(line));
        splitter.flush((line) => lines.push(line));
        expect(lines.join("")).toBe(parts.join(""));
        for (const line of lines.slice(0, -1)) expect(line.indexOf("\n")).toBe(line.length - 1);
      }),
    );
  });
  it("come back as they were written", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom("stdout" as const, "stderr" as const),
        fc.integer({ min: 0, max: 4e12 }),
        (text, stream, time) => {
          const line = encodeEntry({ text, stream, time });
          expect(line.indexOf("\n")).toBe(line.length - 1);
          expect(decodeEntry(line)).toEqual({ text, stream, time });
        },
      ),
    );
    expect(decodeEntry('{"log":"cut o')).toBeUndefined();
  });
});

describe("Detach keys", () => {
  it("never lose or change bytes that are no part of the sequence", () => {
    fc.assert(
      fc.property(fc.uint8Array({ max: 30 }), fc.integer({ min: 1, max: 5 }), (input, size) => {
        const clean = input.filter((b) => b !== 16 && b !== 17);
        const scanner = new DetachScanner(parseDetachKeys(""));
        const out: number[] = [];
        for (let at = 0; at < clean.length; at += size) out.push(...scanner.push(clean.slice(at, at + size)).data);
        expect(out).toEqual([...clean]);
      }),
    );
  });
  it("are found across chunks", () => {
    const scanner = new DetachScanner(parseDetachKeys("ctrl-p,ctrl-q"));
    expect(scanner.push(Uint8Array.of(97, 16)).detached).toBe(false);
    expect(scanner.push(Uint8Array.of(17)).detached).toBe(true);
    expect(() => parseDetachKeys("ctrl-1")).toThrow("Invalid detach keys (ctrl-1) provided");
  });
});

describe("Times", () => {
  it("are written as Go writes them", () => {
    const at = new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 60));
    expect(formatTime(at)).toBe("2026-01-02T03:04:05.06Z");
    expect(formatTime(new Date(Date.UTC(2026, 0, 2, 3, 4, 50)))).toBe("2026-01-02T03:04:50Z");
    expect(formatLogTime(at)).toBe("2026-01-02T03:04:05.060000000Z");
  });
  it("are read in all of Docker's forms", () => {
    const now = new Date(Date.UTC(2026, 0, 2));
    expect(parseTimestamp("10m", now)).toBe(now.getTime() - 600_000);
    expect(parseTimestamp("1700000000.5", now)).toBe(1_700_000_000_500);
    expect(parseTimestamp("2026-01-01", now)).toBe(Date.UTC(2026, 0, 1));
    expect(parseTimestamp("2026-01-01T01:00:00+01:00", now)).toBe(Date.UTC(2026, 0, 1));
    expect(() => parseTimestamp("foo", now)).toThrow('failed to parse value as time or duration: "foo"');
  });
});

describe("Signals, variables, delays and frames", () => {
  it("follow their rules", () => {
    expect(["KILL", "sigterm", "9", "RTMIN+3", "RTMAX", "FOO", "0"].map(parseSignal)).toEqual([
      9,
      15,
      9,
      37,
      64,
      undefined,
      undefined,
    ]);
    expect(withVariables(["A=1", "B=2"], ["B=3", "A", "C=4"])).toEqual(["B=3", "C=4"]);
    expect([0, 1, 2, 30].map((n) => restartDelay(n, 0))).toEqual([100, 200, 400, 60_000]);
    expect(restartDelay(9, 20_000)).toBe(100);
    expect([...frame("stderr", Uint8Array.of(7))]).toEqual([2, 0, 0, 0, 0, 0, 0, 1, 7]);
  });
});
