/** Docker's few graphic renditions (ECMA-48), and its notes (docker/cli, internal/tui). */
import { textWidth } from "./text.ts";

export const styled =
  (...codes: readonly string[]) =>
  (text: string): string =>
    `${codes.map((code) => `\x1b[${code}m`).join("")}${text}\x1b[0m`;

export const bold = styled("1");
export const italic = styled("3");
export const underline = styled("4");

/** Characters on the screen. */
export const widthOf = (text: string): number => textWidth(text.replaceAll(rendition, ""));
const rendition = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");

/** The head of a note: plain on a file, a blue "i" on a terminal. */
export const infoHeader = (isTerminal: boolean): string =>
  isTerminal ? bold(`${styled("106")(styled("30")("i"))} ${styled("96")("Info → ")}`) : " Info -> ";

/** Lines after the first stand below its text. */
export function note(text: string, isTerminal: boolean): string {
  const lines = text.split("\n").map((line) => (isTerminal ? italic(line) : line));
  const indent = " ".repeat(widthOf(infoHeader(isTerminal)));
  return `\n${infoHeader(isTerminal)}${lines.join(`\n${indent}`)}\n`;
}
