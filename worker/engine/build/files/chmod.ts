/** `--chmod`: octal, or chmod(1)'s symbols such as "u=rwX,go=rX". */
import { DockerfileError } from "../dockerfile/index.ts";

export type ModeChange = (mode: number, directory: boolean) => number;

const shifts: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };

export function parseChmod(text: string): ModeChange {
  if (text === "") return (mode) => mode;
  if (/^[0-7]{1,5}$/.test(text)) {
    const wanted = Number.parseInt(text, 8);
    return () => wanted;
  }
  const clauses = text.split(",").map((clause) => {
    const match = /^([ugoa]*)((?:[+=-][rwxXst]*)+)$/.exec(clause);
    if (match === null) throw new DockerfileError("invalid syntax");
    const who = match[1] === "" || match[1]?.includes("a") ? "ugo" : (match[1] ?? "");
    return { who, actions: [...(match[2] ?? "").matchAll(/([+=-])([rwxXst]*)/g)] };
  });
  return (mode, directory) => {
    let result = mode;
    for (const { who, actions } of clauses)
      for (const [, operator, letters = ""] of actions) {
        const bits = bitsOf(who, letters, directory || (mode & 0o111) !== 0);
        if (operator === "+") result |= bits;
        else if (operator === "-") result &= ~bits;
        else result = (result & ~allOf(who)) | bits;
      }
    return result;
  };
}

function bitsOf(who: string, letters: string, executable: boolean): number {
  let bits = 0;
  for (const class_ of who) {
    const shift = shifts[class_] ?? 0;
    for (const letter of letters) {
      if (letter === "r") bits |= 4 << shift;
      if (letter === "w") bits |= 2 << shift;
      if (letter === "x" || (letter === "X" && executable)) bits |= 1 << shift;
      if (letter === "s" && class_ !== "o") bits |= class_ === "u" ? 0o4000 : 0o2000;
      if (letter === "t") bits |= 0o1000;
    }
  }
  return bits;
}

const allOf = (who: string): number => [...who].reduce((bits, class_) => bits | (7 << (shifts[class_] ?? 0)), 0);
