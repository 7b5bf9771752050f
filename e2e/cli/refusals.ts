/**
 * What the client refuses before it asks any engine, made from the list of commands: each of them with a flag that it has not, with too
 * little and with too much, and each of their flags without its value and with one of another kind.
 */
import tree from "../../worker/cli/reference/tree.json" with { type: "json" };
import { helpPaths } from "./help-paths.ts";

interface Command {
  readonly usage: string;
  readonly same?: string;
  readonly flags?: string;
}
const commands: Readonly<Record<string, Command>> = tree;

/** Kinds of flags whose values are checked while they are read. */
const checked = new Set([
  ..."bool bytes credential-spec decimal duration external-ca filter float int mount uint uint16 uint32 ulimit".split(
    " ",
  ),
]);

const flags = (command: Command): readonly (readonly string[])[] =>
  ((command.same === undefined ? command : commands[command.same])?.flags ?? "")
    .split(" ")
    .filter(Boolean)
    .map((flag) => flag.split(","));

/** "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]" as how many arguments there must be, and may be. */
function bounds(path: string, { usage }: Command): { readonly least: number; readonly most: number } {
  const places = (usage.split("\n")[0] ?? "")
    .slice(`docker ${path}`.length)
    .split(" ")
    .filter((word) => word !== "" && !/^\[?OPTIONS\]?$/.test(word));
  const least = places.filter((word) => !word.startsWith("[")).length;
  return { least, most: /\.\.\.|ps OPTIONS/.test(usage) ? Number.POSITIVE_INFINITY : places.length };
}

function refusals(path: string, command: Command): readonly (readonly string[])[] {
  const words = path.split(" ");
  const { least, most } = bounds(path, command);
  const isGroup = command.usage.endsWith(" COMMAND");
  const values = flags(command).flatMap(([name, , kind]) => [
    ...(kind === "bool" ? [] : [[...words, `--${name}`]]),
    ...(checked.has(kind ?? "") ? [[...words, `--${name}=?`]] : []),
  ]);
  return [
    [...words, "--nosuch"],
    [...words, "-?"],
    ...(isGroup ? [[...words, "nosuch"]] : []),
    ...(least > 0 && !isGroup ? [[...words, ...Array<string>(least - 1).fill("x")]] : []),
    ...(most < Number.POSITIVE_INFINITY && !isGroup ? [[...words, ...Array<string>(most + 1).fill("x")]] : []),
    ...values,
  ];
}

export const refusedLines: readonly (readonly string[])[] = helpPaths.flatMap((path) => {
  const command = commands[path];
  return command === undefined ? [] : refusals(path, command);
});
