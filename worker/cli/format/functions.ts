/** The functions that docker/cli adds to templates, and those that stand in for them in a table's header. */
import { FunctionError, stringArgument } from "../template/functions.ts";
import type { TemplateFunction } from "../template/index.ts";
import { toJson } from "../template/json.ts";

function arity(args: readonly unknown[], count: number): void {
  if (args.length !== count) throw new FunctionError(String(count), "arity");
}
const one =
  (fn: (text: string) => unknown): TemplateFunction =>
  (...args) => {
    arity(args, 1);
    return fn(stringArgument(args[0]));
  };

export const dockerFunctions: Readonly<Record<string, TemplateFunction>> = {
  json: (...args) => {
    arity(args, 1);
    return toJson(args[0]);
  },
  split: (...args) => {
    arity(args, 2);
    const [text, separator] = args.map(stringArgument);
    return separator === "" ? [...(text ?? "")] : (text ?? "").split(separator ?? "");
  },
  join: (...args) => {
    arity(args, 2);
    if (!Array.isArray(args[0]))
      throw new FunctionError(`wrong type for value; expected []string; got ${typeof args[0]}`, "argument");
    return args[0].join(stringArgument(args[1]));
  },
  title: one((text) =>
    text.replace(/(^|[^\p{L}\p{Nd}_'])(\p{L})/gu, (_, before, letter) => before + letter.toUpperCase()),
  ),
  lower: one((text) => text.toLowerCase()),
  upper: one((text) => text.toUpperCase()),
  pad: (...args) => {
    arity(args, 3);
    const text = stringArgument(args[0]);
    return text === "" ? "" : " ".repeat(Number(args[1])) + text + " ".repeat(Number(args[2]));
  },
  truncate: (...args) => {
    arity(args, 2);
    return stringArgument(args[0]).slice(0, Number(args[1]));
  },
};

const keep: TemplateFunction = (text) => text;
export const headerFunctions: Readonly<Record<string, TemplateFunction>> = {
  json: keep,
  split: keep,
  join: keep,
  title: keep,
  lower: keep,
  upper: keep,
  truncate: keep,
};
