/**
 * Compiles a seccomp profile (the JSON that `--security-opt seccomp=FILE` takes) into a classic BPF filter for i386.
 * The filter checks the architecture, then finds the call's number by binary search over runs of calls that are treated alike:
 * about eight comparisons a call, and the kernel keeps what is always allowed in a bitmap of its own.
 */
import { EngineError } from "../errors.ts";
import { hasCapability } from "./capabilities.ts";
import { syscallNumbers } from "./syscalls-i386.ts";

export interface SeccompArgument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: string;
}
export interface SeccompRule {
  readonly names?: readonly string[];
  /** Of older profiles. */
  readonly name?: string;
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly SeccompArgument[] | null;
  readonly includes?: SeccompCondition;
  readonly excludes?: SeccompCondition;
}
export interface SeccompCondition {
  readonly caps?: readonly string[];
  readonly arches?: readonly string[];
  readonly minKernel?: string;
}
export interface SeccompProfile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly syscalls?: readonly SeccompRule[] | null;
}

const AUDIT_ARCH_I386 = 0x40000003;
/** struct seccomp_data. */
const offsetNumber = 0;
const offsetArchitecture = 4;
const offsetArguments = 16;

const RET_KILL_PROCESS = 0x80000000;
const returns: Readonly<Record<string, number>> = {
  SCMP_ACT_KILL: 0x00000000,
  SCMP_ACT_KILL_THREAD: 0x00000000,
  SCMP_ACT_KILL_PROCESS: RET_KILL_PROCESS,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
};

function actionValue(action: string, errno: number | undefined): number {
  const value = returns[action];
  if (value === undefined)
    throw new EngineError("invalidParameter", `Decoding seccomp profile failed: unrecognized action ${action}`);
  return action === "SCMP_ACT_ERRNO" || action === "SCMP_ACT_TRACE" ? value | ((errno ?? 1) & 0xffff) : value;
}

/** What happens to one call: an unconditional return, or conditional rules before one. */
interface Treatment {
  readonly conditional: readonly { readonly args: readonly SeccompArgument[]; readonly value: number }[];
  readonly otherwise: number;
}

function applies(rule: SeccompRule, capabilities: bigint): boolean {
  const has = (name: string): boolean => hasCapability(capabilities, name);
  const here = (arch: string): boolean => arch === "x86" || arch === "386";
  const { includes, excludes } = rule;
  if (excludes?.caps?.some(has) || excludes?.arches?.some(here)) return false;
  if (includes?.caps?.length && !includes.caps.every(has)) return false;
  return !(includes?.arches?.length && !includes.arches.some(here));
}

function treatments(profile: SeccompProfile, capabilities: bigint): ReadonlyMap<number, Treatment> {
  const otherwise = actionValue(profile.defaultAction, profile.defaultErrnoRet);
  const found = new Map<number, Treatment>();
  for (const rule of profile.syscalls ?? []) {
    if (!applies(rule, capabilities)) continue;
    const value = actionValue(rule.action, rule.errnoRet ?? profile.defaultErrnoRet);
    for (const name of rule.names ?? (rule.name === undefined ? [] : [rule.name])) {
      const number = syscallNumbers.get(name);
      if (number === undefined) continue; // another architecture's or a newer kernel's call
      const before = found.get(number) ?? { conditional: [], otherwise };
      if (rule.args?.length)
        found.set(number, { ...before, conditional: [...before.conditional, { args: rule.args, value }] });
      else if (before.otherwise === otherwise) found.set(number, { conditional: [], otherwise: value });
    }
  }
  return found;
}

interface Run {
  readonly first: number;
  readonly treatment: Treatment;
}

function sameTreatment(a: Treatment, b: Treatment): boolean {
  return a.otherwise === b.otherwise && a.conditional.length === 0 && b.conditional.length === 0;
}

function toRuns(found: ReadonlyMap<number, Treatment>, otherwise: number): readonly Run[] {
  const runs: Run[] = [];
  const rest: Treatment = { conditional: [], otherwise };
  const last = Math.max(0, ...found.keys());
  for (let number = 0; number <= last + 1; number++) {
    const treatment = found.get(number) ?? rest;
    const previous = runs.at(-1);
    if (previous === undefined || !sameTreatment(previous.treatment, treatment))
      runs.push({ first: number, treatment });
  }
  return runs;
}

export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}
const LD_W_ABS = 0x20;
const JA = 0x05;
const JEQ_K = 0x15;
const JGT_K = 0x25;
const JGE_K = 0x35;
const ALU_AND_K = 0x54;
const RET_K = 0x06;

const load = (k: number): Instruction => ({ code: LD_W_ABS, jt: 0, jf: 0, k });
const ret = (k: number): Instruction => ({ code: RET_K, jt: 0, jf: 0, k: k >>> 0 });
const jump = (code: number, k: number, jt: number, jf: number): Instruction => ({ code, jt, jf, k: k >>> 0 });

/** Code that falls through to its end when `argument` matches and otherwise jumps `skip` instructions past its end. */
function compareArgument(argument: SeccompArgument, skip: number): readonly Instruction[] {
  const at = offsetArguments + 8 * argument.index;
  const { value } = argument;
  switch (argument.op) {
    case "SCMP_CMP_EQ":
      return [load(at), jump(JEQ_K, value, 0, skip)];
    case "SCMP_CMP_NE":
      return [load(at), jump(JEQ_K, value, skip, 0)];
    case "SCMP_CMP_GT":
      return [load(at), jump(JGT_K, value, 0, skip)];
    case "SCMP_CMP_GE":
      return [load(at), jump(JGE_K, value, 0, skip)];
    case "SCMP_CMP_LT":
      return [load(at), jump(JGE_K, value, skip, 0)];
    case "SCMP_CMP_LE":
      return [load(at), jump(JGT_K, value, skip, 0)];
    case "SCMP_CMP_MASKED_EQ":
      return [
        load(at),
        { code: ALU_AND_K, jt: 0, jf: 0, k: value >>> 0 },
        jump(JEQ_K, argument.valueTwo ?? 0, 0, skip),
      ];
    default:
      throw new EngineError(
        "invalidParameter",
        `Decoding seccomp profile failed: unrecognized operator ${argument.op}`,
      );
  }
}

function treat(treatment: Treatment): readonly Instruction[] {
  const out: Instruction[] = [];
  for (const { args, value } of treatment.conditional) {
    let clause: readonly Instruction[] = [ret(value)];
    for (const argument of [...args].reverse()) clause = [...compareArgument(argument, clause.length), ...clause];
    out.push(...clause);
  }
  out.push(ret(treatment.otherwise));
  return out;
}

/** A binary decision tree: the left half follows its comparison, the right half comes behind it. */
function search(runs: readonly Run[]): readonly Instruction[] {
  const [only] = runs;
  if (runs.length === 1 && only !== undefined) return treat(only.treatment);
  const middle = runs.length >> 1;
  const pivot = runs[middle];
  if (pivot === undefined) return [];
  const left = search(runs.slice(0, middle));
  const right = search(runs.slice(middle));
  // A conditional jump reaches 255 instructions; longer ones go by JA.
  const branch =
    left.length <= 255
      ? [jump(JGE_K, pivot.first, left.length, 0)]
      : [jump(JGE_K, pivot.first, 0, 1), jump(JA, left.length, 0, 0)];
  return [...branch, ...left, ...right];
}

/** The filter's instructions, for tests that interpret them. */
export function compileInstructions(profile: SeccompProfile, capabilities: bigint): readonly Instruction[] {
  const otherwise = actionValue(profile.defaultAction, profile.defaultErrnoRet);
  return [
    load(offsetArchitecture),
    jump(JEQ_K, AUDIT_ARCH_I386, 1, 0),
    ret(RET_KILL_PROCESS),
    load(offsetNumber),
    ...search(toRuns(treatments(profile, capabilities), otherwise)),
  ];
}

/** struct sock_filter[]: code u16, jt u8, jf u8, k u32, little endian. */
export function encodeInstructions(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * 8);
  const view = new DataView(bytes.buffer);
  instructions.forEach(({ code, jt, jf, k }, i) => {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, jt);
    view.setUint8(i * 8 + 3, jf);
    view.setUint32(i * 8 + 4, k, true);
  });
  return bytes;
}

const compiled = new WeakMap<SeccompProfile, Map<bigint, Uint8Array>>();

/** The filter, compiled once for each profile and capability set. */
export function compileSeccomp(profile: SeccompProfile, capabilities: bigint): Uint8Array {
  const byMask = compiled.get(profile) ?? new Map<bigint, Uint8Array>();
  compiled.set(profile, byMask);
  const known = byMask.get(capabilities);
  if (known !== undefined) return known;
  const program = encodeInstructions(compileInstructions(profile, capabilities));
  byMask.set(capabilities, program);
  return program;
}
