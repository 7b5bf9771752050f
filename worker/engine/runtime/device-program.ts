/**
 * The cgroup v2 device controller: an eBPF program that answers 1 where a rule allows an access (runc's devicefilter).
 * Rules are looked at last to first, so that a later one overrides; what no rule names is refused.
 */
export interface DeviceRule {
  readonly allow: boolean;
  readonly type: "char" | "block" | "all";
  /** Absent: any. */
  readonly major?: number;
  readonly minor?: number;
  /** Some of "rwm". */
  readonly access: string;
}

/** What Docker lets every container use: mknod of anything, the standard nodes, terminals. */
export const defaultDeviceRules: readonly DeviceRule[] = [
  { allow: true, type: "char", access: "m" },
  { allow: true, type: "block", access: "m" },
  ...(
    [
      [1, 3],
      [1, 5],
      [1, 7],
      [1, 8],
      [1, 9],
      [5, 0],
      [5, 1],
      [5, 2],
    ] as const
  ).map(([major, minor]): DeviceRule => ({ allow: true, type: "char", major, minor, access: "rwm" })),
  { allow: true, type: "char", major: 136, access: "rwm" },
];
export const allDeviceRules: readonly DeviceRule[] = [{ allow: true, type: "all", access: "rwm" }];

/** Bits of bpf_cgroup_dev_ctx.access_type: type in the low half, access in the high one. */
const typeBits = { block: 1, char: 2 } as const;
const accessBits: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };

interface Ebpf {
  readonly code: number;
  readonly dst?: number;
  readonly src?: number;
  readonly offset?: number;
  readonly imm?: number;
}
const LDX_MEM_W = 0x61;
const ALU64_MOV_K = 0xb7;
const ALU_AND_K = 0x54;
const ALU_RSH_K = 0x74;
const ALU_MOV_X = 0xbc;
const JMP_JNE_K = 0x55;
const JMP_JNE_X = 0x5d;
const EXIT = 0x95;

/** r2 type, r3 access, r4 major, r5 minor, as runc names them. */
const prologue: readonly Ebpf[] = [
  { code: LDX_MEM_W, dst: 2, src: 1, offset: 0 },
  { code: ALU_AND_K, dst: 2, imm: 0xffff },
  { code: LDX_MEM_W, dst: 3, src: 1, offset: 0 },
  { code: ALU_RSH_K, dst: 3, imm: 16 },
  { code: LDX_MEM_W, dst: 4, src: 1, offset: 4 },
  { code: LDX_MEM_W, dst: 5, src: 1, offset: 8 },
];

function answer(allow: boolean): readonly Ebpf[] {
  return [{ code: ALU64_MOV_K, dst: 0, imm: allow ? 1 : 0 }, { code: EXIT }];
}

function ruleCode(rule: DeviceRule): readonly Ebpf[] {
  const access = [...rule.access].reduce((mask, letter) => mask | (accessBits[letter] ?? 0), 0);
  const tests: ((skip: number) => readonly Ebpf[])[] = [];
  if (rule.type !== "all") {
    const type = typeBits[rule.type];
    tests.push((offset) => [{ code: JMP_JNE_K, dst: 2, offset, imm: type }]);
  }
  if (access !== 7)
    // Every bit asked for must be in the rule: (access & rule) == access.
    tests.push((offset) => [
      { code: ALU_MOV_X, dst: 1, src: 3 },
      { code: ALU_AND_K, dst: 1, imm: access },
      { code: JMP_JNE_X, dst: 1, src: 3, offset },
    ]);
  const { major, minor } = rule;
  if (major !== undefined) tests.push((offset) => [{ code: JMP_JNE_K, dst: 4, offset, imm: major }]);
  if (minor !== undefined) tests.push((offset) => [{ code: JMP_JNE_K, dst: 5, offset, imm: minor }]);
  let code = answer(rule.allow);
  for (const test of tests.reverse()) code = [...test(code.length), ...code];
  return code;
}

export function compileDeviceProgram(rules: readonly DeviceRule[]): Uint8Array {
  const code: Ebpf[] = [...prologue];
  let catchAll = false;
  for (const rule of [...rules].reverse()) {
    code.push(...ruleCode(rule));
    // The verifier refuses instructions that nothing reaches.
    if (rule.type === "all" && rule.major === undefined && rule.minor === undefined && rule.access.length >= 3) {
      catchAll = true;
      break;
    }
  }
  if (!catchAll) code.push(...answer(false));
  return encode(code);
}

/** struct bpf_insn: code u8, dst:4 src:4, off s16, imm s32, little endian. */
function encode(code: readonly Ebpf[]): Uint8Array {
  const bytes = new Uint8Array(code.length * 8);
  const view = new DataView(bytes.buffer);
  code.forEach(({ code: opcode, dst = 0, src = 0, offset = 0, imm = 0 }, i) => {
    view.setUint8(i * 8, opcode);
    view.setUint8(i * 8 + 1, dst | (src << 4));
    view.setInt16(i * 8 + 2, offset, true);
    view.setInt32(i * 8 + 4, imm, true);
  });
  return bytes;
}

/** "c 1:3 rwm", "b *:* m", "a" as --device-cgroup-rule and the v1 devices.allow file take them; `undefined` when malformed. */
export function parseDeviceRule(text: string): DeviceRule | undefined {
  const match = /^([acb]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(text);
  if (match === null) return undefined;
  const [, type, major, minor, access = "rwm"] = match;
  return {
    allow: true,
    type: type === "c" ? "char" : type === "b" ? "block" : "all",
    ...(major === "*" ? {} : { major: Number(major) }),
    ...(minor === "*" ? {} : { minor: Number(minor) }),
    access,
  };
}
