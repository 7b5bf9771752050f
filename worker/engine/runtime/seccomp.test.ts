import { describe, expect, it } from "vitest";
import { allCapabilities, defaultCapabilities } from "./capabilities.ts";
import { compileInstructions, type Instruction } from "./seccomp.ts";
import { defaultSeccompProfile } from "./seccomp-profile.ts";
import { syscallNumbers } from "./syscalls-i386.ts";

const ALLOW = 0x7fff0000;
const errno = (n: number): number => 0x00050000 | n;

/** A classic BPF machine over struct seccomp_data. */
function run(program: readonly Instruction[], number: number, args: readonly number[] = [], arch = 0x40000003): number {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, number, true);
  data.setUint32(4, arch, true);
  for (const [i, value] of args.entries()) data.setUint32(16 + 8 * i, value >>> 0, true);
  let a = 0;
  for (let pc = 0; pc < program.length; pc++) {
    const i = program[pc];
    if (i === undefined) break;
    const { code, k } = i;
    if (code === 0x06) return k;
    if (code === 0x20) a = data.getUint32(k, true);
    else if (code === 0x54) a = (a & k) >>> 0;
    else if (code === 0x05) pc += k;
    else if (code === 0x15) pc += a === k ? i.jt : i.jf;
    else if (code === 0x25) pc += a > k ? i.jt : i.jf;
    else if (code === 0x35) pc += a >= k ? i.jt : i.jf;
    else throw new Error(`unknown instruction ${code}`);
  }
  throw new Error("ran off the end");
}
const nr = (name: string): number => {
  const number = syscallNumbers.get(name);
  if (number === undefined) throw new Error(name);
  return number;
};

describe("Docker's default seccomp profile on i386", () => {
  const program = compileInstructions(defaultSeccompProfile, defaultCapabilities);
  const privileged = compileInstructions(defaultSeccompProfile, allCapabilities);

  it("allows what programs need and refuses what could harm the machine", () => {
    for (const name of ["read", "execve", "openat", "socketcall", "chroot", "clock_gettime64", "ptrace"])
      expect(run(program, nr(name)), name).toBe(ALLOW);
    for (const name of ["mount", "reboot", "init_module", "bpf", "unshare", "keyctl", "kexec_load", "swapon"])
      expect(run(program, nr(name)), name).toBe(errno(1));
  });

  it("decides as the rules say for every number", () => {
    const unconditional = new Set(
      (defaultSeccompProfile.syscalls ?? [])
        .filter((r) => !r.args && !r.includes && !r.excludes)
        .flatMap((r) => r.names ?? []),
    );
    for (const [name, number] of syscallNumbers)
      if (unconditional.has(name)) expect(run(program, number), name).toBe(ALLOW);
    expect(run(program, 100_000)).toBe(errno(1));
  });

  it("lets clone make threads and processes but no namespaces, and says that clone3 does not exist", () => {
    expect(run(program, nr("clone"), [0x003d0f00])).toBe(ALLOW);
    expect(run(program, nr("clone"), [0x20000000])).toBe(errno(1));
    expect(run(program, nr("clone3"))).toBe(errno(38));
    expect(run(privileged, nr("clone"), [0x20000000])).toBe(ALLOW);
    expect(run(privileged, nr("clone3"))).toBe(ALLOW);
    expect(run(privileged, nr("mount"))).toBe(ALLOW);
  });

  it("compares arguments", () => {
    expect(run(program, nr("socket"), [2])).toBe(ALLOW);
    expect(run(program, nr("socket"), [40])).toBe(errno(1));
    expect(run(program, nr("personality"), [0xffffffff])).toBe(ALLOW);
    expect(run(program, nr("personality"), [0x40000])).toBe(errno(1));
  });

  it("kills a program of another architecture", () => {
    expect(run(program, nr("read"), [], 0xc000003e)).toBe(0x80000000);
  });

  it("stays short: a decision takes few steps and jumps stay in reach", () => {
    expect(program.length).toBeLessThan(400);
    for (const i of program) expect(i.jt < 256 && i.jf < 256).toBe(true);
  });
});

describe("A profile of the user's", () => {
  it("may name single calls with errno and a default of allow", () => {
    const program = compileInstructions(
      {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [
          { names: ["mkdir", "no_such_call"], action: "SCMP_ACT_ERRNO" },
          { name: "chmod", action: "SCMP_ACT_ERRNO", errnoRet: 13 },
        ],
      },
      0n,
    );
    expect(run(program, nr("mkdir"))).toBe(errno(1));
    expect(run(program, nr("chmod"))).toBe(errno(13));
    expect(run(program, nr("rmdir"))).toBe(ALLOW);
  });
  it("with an unknown action is refused", () => {
    expect(() => compileInstructions({ defaultAction: "NOPE" }, 0n)).toThrow(/unrecognized action NOPE/);
  });
});
