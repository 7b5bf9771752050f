/** How each instruction's arguments are read: words, a string, a JSON array, name and value (BuildKit's frontend/dockerfile/parser). */
import { DockerfileError } from "./node.ts";
import { splitWords } from "./words.ts";

export interface ParsedArguments {
  readonly args: readonly string[];
  readonly json: boolean;
}

const blanks = /[\t\v\f\r ]+/;
const list = (args: readonly string[]): ParsedArguments => ({ args, json: false });

export type ArgumentParser = (rest: string, escapeChar: string) => ParsedArguments;

const oneString: ArgumentParser = (rest) => list(rest === "" ? [] : [rest]);
const blankSeparated: ArgumentParser = (rest) => list(rest === "" ? [] : rest.split(blanks));

/** `undefined` where the text is no JSON array at all. */
function jsonArray(rest: string): readonly string[] | undefined {
  const text = rest.trimStart();
  if (!text.startsWith("[")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  if (!value.every((entry) => typeof entry === "string"))
    throw new DockerfileError("when using JSON array syntax, arrays must be comprised of strings only.");
  return value;
}

const jsonOrString: ArgumentParser = (rest) => {
  const array = jsonArray(rest);
  return array === undefined ? oneString(rest, "") : { args: array, json: true };
};
const jsonOrWords: ArgumentParser = (rest) => {
  const array = jsonArray(rest);
  return array === undefined ? blankSeparated(rest, "") : { args: array, json: true };
};

/** Triples of name, value and separator: "=" of `name=value`, "" of the older `name value`. */
function nameAndValue(command: string): ArgumentParser {
  return (rest, escapeChar) => {
    const words = splitWords(rest, escapeChar);
    const [first] = words;
    if (first === undefined) return list([]);
    if (!first.includes("=")) {
      const match = /^([^\t\v\f\r ]*)[\t\v\f\r ]+([\s\S]*)$/.exec(rest);
      if (match === null) throw new DockerfileError(`${command} must have two arguments`);
      return list([match[1] ?? "", match[2] ?? "", ""]);
    }
    return list(
      words.flatMap((word) => {
        const equals = word.indexOf("=");
        if (equals < 0)
          throw new DockerfileError(
            `Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`,
          );
        return [word.slice(0, equals), word.slice(equals + 1), "="];
      }),
    );
  };
}

const healthcheck: ArgumentParser = (rest) => {
  const match = /^(\S+)\s*([\s\S]*)$/.exec(rest);
  if (match === null) return list([]);
  const command = jsonOrString(match[2] ?? "", "");
  return { args: [match[1] ?? "", ...command.args], json: command.json };
};

/** By instruction in lower case. ONBUILD holds another instruction and is not here. */
export const argumentParsers: ReadonlyMap<string, ArgumentParser> = new Map<string, ArgumentParser>([
  ["add", jsonOrWords],
  ["arg", (rest, escapeChar) => list(splitWords(rest, escapeChar))],
  ["cmd", jsonOrString],
  ["copy", jsonOrWords],
  ["entrypoint", jsonOrString],
  ["env", nameAndValue("ENV")],
  ["expose", blankSeparated],
  ["from", blankSeparated],
  ["healthcheck", healthcheck],
  ["label", nameAndValue("LABEL")],
  ["maintainer", oneString],
  ["run", jsonOrString],
  ["shell", jsonOrString],
  ["stopsignal", oneString],
  ["user", oneString],
  ["volume", jsonOrWords],
  ["workdir", oneString],
]);

export const instructionNames: readonly string[] = [...argumentParsers.keys(), "onbuild"].map((name) =>
  name.toUpperCase(),
);
