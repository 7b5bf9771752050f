/** The line that the run form stands for. */
import { shellQuote } from "../engine/format.ts";

export interface RunForm {
  readonly image: string;
  readonly name: string;
  readonly ports: string;
  readonly environment: string;
  readonly volumes: string;
  readonly network: string;
  readonly command: string;
  readonly memory: string;
  readonly detached: boolean;
  readonly interactive: boolean;
  readonly remove: boolean;
}

/** One value a line or separated by blanks; environment values may hold blanks, so those are one a line. */
const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== "");
const lines = (text: string): readonly string[] =>
  text
    .split("\n")
    .map((each) => each.trim())
    .filter((each) => each !== "");

export function runLine(form: RunForm): string {
  const flags: string[] = [];
  if (form.detached) flags.push("-d");
  if (form.interactive) flags.push("-it");
  if (form.remove) flags.push("--rm");
  const add = (flag: string, value: string): void => void flags.push(flag, shellQuote(value));
  if (form.name.trim() !== "") add("--name", form.name.trim());
  for (const port of words(form.ports)) add("-p", port);
  for (const variable of lines(form.environment)) add("-e", variable);
  for (const volume of words(form.volumes)) add("-v", volume);
  if (form.network !== "" && form.network !== "bridge") add("--network", form.network);
  if (form.memory.trim() !== "") add("--memory", form.memory.trim());
  // The command's own words are the person's: quotes in it are kept as typed.
  return ["docker run", ...flags, shellQuote(form.image), form.command.trim()].filter((part) => part !== "").join(" ");
}
