import { describe, expect, it } from "vitest";
import { allDeviceRules, compileDeviceProgram, defaultDeviceRules, parseDeviceRule } from "./device-program.ts";

/** The few eBPF instructions that the compiler emits. */
function run(program: Uint8Array, type: "char" | "block", access: string, major: number, minor: number): number {
  const view = new DataView(program.buffer);
  const bits = [...access].reduce((m, c) => m | ({ m: 1, r: 2, w: 4 }[c] ?? 0), 0);
  const context = [(type === "block" ? 1 : 2) | (bits << 16), major, minor];
  const r: number[] = Array(11).fill(0);
  const at = (i: number): number => r[i] ?? 0;
  for (let pc = 0; pc < program.length / 8; pc++) {
    const code = view.getUint8(pc * 8);
    const dst = view.getUint8(pc * 8 + 1) & 15;
    const src = view.getUint8(pc * 8 + 1) >> 4;
    const offset = view.getInt16(pc * 8 + 2, true);
    const imm = view.getInt32(pc * 8 + 4, true);
    if (code === 0x95) return at(0);
    if (code === 0x61) r[dst] = context[offset / 4] ?? 0;
    else if (code === 0xb7) r[dst] = imm;
    else if (code === 0xbc) r[dst] = at(src);
    else if (code === 0x54) r[dst] = at(dst) & imm;
    else if (code === 0x74) r[dst] = at(dst) >>> imm;
    else if (code === 0x55) pc += at(dst) !== imm ? offset : 0;
    else if (code === 0x5d) pc += at(dst) !== at(src) ? offset : 0;
    else throw new Error(`unknown instruction ${code}`);
  }
  throw new Error("ran off the end");
}

describe("The device program", () => {
  const standard = compileDeviceProgram(defaultDeviceRules);
  it("lets a container use null and terminals and make nodes, but not open a disk", () => {
    expect(run(standard, "char", "rw", 1, 3)).toBe(1);
    expect(run(standard, "char", "rwm", 136, 7)).toBe(1);
    expect(run(standard, "block", "m", 8, 0)).toBe(1);
    expect(run(standard, "block", "r", 8, 0)).toBe(0);
    expect(run(standard, "char", "rw", 10, 229)).toBe(0);
  });
  it("lets a privileged container use everything", () => {
    expect(run(compileDeviceProgram(allDeviceRules), "block", "rwm", 8, 0)).toBe(1);
  });
  it("takes further rules, later ones first", () => {
    const program = compileDeviceProgram([
      ...defaultDeviceRules,
      { allow: true, type: "block", major: 8, access: "r" },
      { allow: false, type: "block", major: 8, minor: 1, access: "rwm" },
    ]);
    expect(run(program, "block", "r", 8, 0)).toBe(1);
    expect(run(program, "block", "w", 8, 0)).toBe(0);
    expect(run(program, "block", "r", 8, 1)).toBe(0);
  });
  it("reads rules as --device-cgroup-rule writes them", () => {
    expect(parseDeviceRule("c 10:* rw")).toEqual({ allow: true, type: "char", major: 10, access: "rw" });
    expect(parseDeviceRule("x 1:1 r")).toBeUndefined();
  });
});
