/** The output of every `inspect`: JSON, or a template over each object. Follows docker/cli's inspect package. */
import type { Context } from "../session/context.ts";
import { CliError, messageOf } from "../session/errors.ts";
import { Template, TemplateError } from "../template/index.ts";
import { escapeHtml, toJsonIndented } from "../template/json.ts";
import { dockerFunctions } from "./functions.ts";
import { type TypedOptions, typed, untyped } from "./typed.ts";

export interface Inspected extends TypedOptions {
  readonly value: unknown;
  /** The client made the value; what the engine sent is shown as it came. */
  readonly own?: boolean;
  /** docker/cli keeps the answer's JSON beside its own type, and asks it for what the type has not. */
  readonly raw?: boolean;
}

export async function inspectAll(
  { flags, args, out }: Context,
  find: (reference: string) => Promise<Inspected>,
  references: readonly string[] = args,
): Promise<number> {
  const format = flags.string("format");
  const template = format === "" || format === "json" ? undefined : parse(format);
  const values: unknown[] = [];
  const errors: string[] = [];
  let text = "";
  let own = false;
  for (const reference of references) {
    try {
      const found = await find(reference);
      own ||= found.own === true;
      if (template === undefined) values.push(found.value);
      else text += `${render(template, found)}\n`;
    } catch (error) {
      errors.push(messageOf(error));
    }
  }
  if (template !== undefined) out.print(text === "" ? "\n" : text);
  else {
    const json = format === "json" ? JSON.stringify(values) : toJsonIndented(values, "    ");
    out.line(own ? escapeHtml(json) : json);
  }
  if (errors.length > 0) throw new CliError(errors.join("\n"));
  return 0;
}

interface Templates {
  readonly typed: Template;
  readonly raw: Template;
}
function parse(format: string): Templates {
  try {
    return {
      typed: new Template("", format, { functions: dockerFunctions }),
      raw: new Template("", format, { functions: dockerFunctions, missingKey: "error" }),
    };
  } catch (error) {
    throw new CliError(`template parsing error: ${messageOf(error)}`, 64);
  }
}

function render(templates: Templates, { value, raw = true, ...options }: Inspected): string {
  try {
    return templates.typed.execute(typed(value, options));
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    if (!raw) throw new CliError(`template parsing error: ${error.message}`);
  }
  try {
    return templates.raw.execute(untyped(value));
  } catch (error) {
    if (error instanceof TemplateError) throw new CliError(`template parsing error: ${error.message}`);
    throw error;
  }
}
