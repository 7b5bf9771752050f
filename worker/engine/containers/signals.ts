/** Signals by name and number (Linux, x86). */
const names =
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS".split(
    " ",
  );
const byName: ReadonlyMap<string, number> = new Map([
  ...names.map((name, i) => [name, i + 1] as const),
  ["IOT", 6],
  ["CLD", 17],
  ["POLL", 29],
]);
const realTimeMin = 34;
const realTimeMax = 64;

/** "9", "KILL", "sigkill", "RTMIN+3"; `undefined` when there is no such signal. */
export function parseSignal(text: string): number | undefined {
  if (/^-?\d+$/.test(text)) return Number(text) === 0 ? undefined : Number(text);
  const name = text.toUpperCase().replace(/^SIG/, "");
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
  if (realTime === null) return byName.get(name);
  const [, base, sign, offset = "0"] = realTime;
  const number = (base === "MIN" ? realTimeMin : realTimeMax) + (sign === "-" ? -1 : 1) * Number(offset);
  return number >= realTimeMin && number <= realTimeMax ? number : undefined;
}

export function isSignal(number: number): boolean {
  return number >= 1 && number <= realTimeMax;
}

export const SIGKILL = 9;
export const SIGTERM = 15;
