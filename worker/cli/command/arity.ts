/** How many arguments a command takes, and docker/cli's words when it gets others. */
import { CliError } from "../session/errors.ts";
import { type CommandNode, commandPath, useLine } from "./tree.ts";

export type Arity =
  | { readonly kind: "none" }
  | { readonly kind: "any" }
  | { readonly kind: "exact" | "min" | "max" | "cobra"; readonly count: number }
  | { readonly kind: "range"; readonly min: number; readonly max: number };

export const noArgs: Arity = { kind: "none" };
export const anyArgs: Arity = { kind: "any" };
export const exactly = (count: number): Arity => ({ kind: "exact", count });
/** Of a command that docker/cli left to its library's own check, and its words. */
export const exactlyByCobra = (count: number): Arity => ({ kind: "cobra", count });
export const atLeast = (count: number): Arity => ({ kind: "min", count });
export const atMost = (count: number): Arity => ({ kind: "max", count });
export const between = (min: number, max: number): Arity => ({ kind: "range", min, max });

const plural = (count: number): string => (count === 1 ? "argument" : "arguments");

export function checkArity(node: CommandNode, arity: Arity, args: readonly string[]): void {
  const problem = problemOf(arity, args.length);
  if (problem === undefined) return;
  if (arity.kind === "cobra") throw new CliError(problem);
  const path = commandPath(node);
  // "See" and "SRun" are the client's own.
  const hint = arity.kind === "min" ? "See" : arity.kind === "max" ? "SRun" : "Run";
  throw new CliError(
    `docker: '${path}' ${problem}\n\nUsage:  ${node.usage}\n\n${hint} '${path} --help' for more information`,
  );
}

function problemOf(arity: Arity, given: number): string | undefined {
  switch (arity.kind) {
    case "any":
      return undefined;
    case "none":
      return given === 0 ? undefined : "accepts no arguments";
    case "exact":
      return given === arity.count ? undefined : `requires ${arity.count} ${plural(arity.count)}`;
    case "cobra":
      return given === arity.count ? undefined : `accepts ${arity.count} arg(s), received ${given}`;
    case "min":
      return given >= arity.count ? undefined : `requires at least ${arity.count} ${plural(arity.count)}`;
    case "max":
      return given <= arity.count ? undefined : `requires at most ${arity.count} ${plural(arity.count)}`;
    case "range":
      return given >= arity.min && given <= arity.max
        ? undefined
        : `requires at least ${arity.min} and at most ${arity.max} ${plural(arity.max)}`;
  }
}

export function unknownSubcommand(node: CommandNode, name: string): CliError {
  const path = commandPath(node);
  return new CliError(
    `docker: unknown command: ${path} ${name}\n\nUsage:  ${useLine(node)}\n\nRun '${path} --help' for more information`,
  );
}
