/** pflag's way through an argument list: https://pkg.go.dev/github.com/spf13/pflag. */

import { quoted } from "../../go/strconv.ts";
import { ValueError } from "../../go/value-error.ts";
import type { FlagSpec } from "../command/tree.ts";
import type { Flags, ListCheck } from "./flags.ts";

/** A flag that cannot be taken; the message is pflag's. */
export class FlagError extends Error {}

export interface Arguments {
  readonly args: readonly string[];
  /** `--help`, or `-h` where the command has no such flag of its own (deprecated). */
  readonly help: "no" | "long" | "short";
}

export interface ParseOptions {
  /** Whether flags may follow the first argument. */
  readonly interspersed: boolean;
  readonly check?: (name: string) => ListCheck | undefined;
}

/** Sets flags, answers the arguments. */
export function parseFlags(flags: Flags, given: readonly string[], options: ParseOptions): Arguments {
  const args: string[] = [];
  const queue = [...given];
  let help: Arguments["help"] = "no";
  const set = (spec: FlagSpec, value: string): void => {
    try {
      flags.set(spec, value, options.check?.(spec.name));
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      const shown = spec.short === "" ? `--${spec.name}` : `-${spec.short}, --${spec.name}`;
      throw new FlagError(`invalid argument ${quoted(value)} for ${quoted(shown)} flag: ${error.message}`);
    }
  };
  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
    if (arg === "" || arg === "-" || !arg.startsWith("-")) {
      args.push(arg);
      if (options.interspersed) continue;
      args.push(...queue);
      break;
    }
    if (arg === "--") {
      args.push(...queue);
      break;
    }
    if (arg.startsWith("--")) long(arg);
    else shorts(arg.slice(1));
  }
  return { args, help };

  function long(arg: string): void {
    const body = arg.slice(2);
    if (body.startsWith("-") || body.startsWith("=")) throw new FlagError(`bad flag syntax: ${arg}`);
    const at = body.indexOf("=");
    const name = at < 0 ? body : body.slice(0, at);
    const spec = flags.spec(name);
    if (spec === undefined) {
      if (name === "help") {
        help = "long";
        return;
      }
      throw new FlagError(`unknown flag: --${name}`);
    }
    if (at >= 0) set(spec, body.slice(at + 1));
    else if (spec.type === "bool") set(spec, "true");
    else {
      const value = queue.shift();
      if (value === undefined) throw new FlagError(`flag needs an argument: --${name}`);
      set(spec, value);
    }
  }

  function shorts(cluster: string): void {
    let letters = cluster;
    while (letters !== "") {
      const c = letters[0] ?? "";
      const after = letters.slice(1);
      const spec = flags.byShort(c);
      if (spec === undefined) {
        if (c === "h") {
          help = "short";
          letters = after;
          continue;
        }
        throw new FlagError(`unknown shorthand flag: '${c}' in -${letters}`);
      }
      if (after.length > 1 && after.startsWith("=")) {
        set(spec, after.slice(1));
        return;
      }
      if (spec.type === "bool") {
        set(spec, "true");
        letters = after;
        continue;
      }
      if (after !== "") {
        set(spec, after);
        return;
      }
      const value = queue.shift();
      if (value === undefined) throw new FlagError(`flag needs an argument: '${c}' in -${letters}`);
      set(spec, value);
      return;
    }
  }
}
