import { describe, expect, it } from "vitest";
import { DiskFailures } from "./disk-failures.ts";

const full = new DOMException(
  "no space left on device: the browser's storage for this site is full",
  "QuotaExceededError",
);
const failed = (error: unknown, operation: "read" | "write" = "write") => ({
  disk: "sdb",
  operation,
  offset: 0,
  length: 512,
  error,
});
const mount = new Error("mount /var/lib/docker: input/output error");

describe("a disk that cannot be written", () => {
  it("names the full storage and says what to do, once", () => {
    const told: string[] = [];
    const failures = new DiskFailures((notice) => told.push(notice));
    failures.report(failed(full));
    failures.report(failed(full));
    expect(told).toEqual([
      "The machine's disk cannot be written: no space left on device: the browser's storage for this site is full. Delete a playground on the first page, or an image that is kept offline; then start the machine again.",
    ]);
  });

  it("is the reason of what the guest could not do for it", () => {
    const failures = new DiskFailures(() => {});
    expect(failures.explain(mount)).toBe(mount);
    failures.report(failed(full));
    const explained = failures.explain(mount) as Error;
    expect(explained.message).toMatch(/storage for this site is full\. Delete a playground/);
    expect(explained.cause).toBe(mount);
  });

  it("is not meant where a read failed, which others tell", () => {
    const failures = new DiskFailures(() => expect.unreachable());
    failures.report(failed(new Error("a layer is gone"), "read"));
    expect(failures.explain(mount)).toBe(mount);
  });
});
