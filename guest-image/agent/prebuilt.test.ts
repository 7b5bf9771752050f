import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const here = new URL("./", import.meta.url);
const recorded = readFileSync(new URL("../prebuilt/agent.sources", here), "utf8").trim().split("\n");

test("the prebuilt agent was built from these sources (guest-image/agent/build.sh makes it anew)", () => {
  for (const line of recorded) {
    const [hash, name = ""] = line.split(/ +/);
    const now = createHash("sha256")
      .update(readFileSync(new URL(name, here)))
      .digest("hex");
    expect([name, now]).toEqual([name, hash]);
  }
  expect(recorded.length).toBeGreaterThan(20);
});

test("the agent, the stub and the init are small static i386 programs", () => {
  for (const name of ["agent", "docker", "init"]) {
    const program = readFileSync(new URL(`../prebuilt/${name}`, here));
    expect(program.subarray(0, 5).toString("latin1")).toBe("\x7fELF\x01");
    expect(program.readUInt16LE(18)).toBe(3);
    expect(program.includes("ld-musl")).toBe(false);
    expect(program.length).toBeLessThan(120_000);
  }
});
