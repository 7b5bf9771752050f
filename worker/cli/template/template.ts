/** A parsed template and its execution. */

import { quoted } from "../../go/strconv.ts";
import { type Branch, type Command, type Node, nodeText, type Operand, type Pipe } from "./ast.ts";
import { TemplateError } from "./errors.ts";
import { builtins, FunctionError } from "./functions.ts";
import { parse } from "./parse.ts";
import { formatValue } from "./print.ts";
import { isTrue, kindOf, type Methods, omittedField, sortedEntries, typeOf } from "./value.ts";

export type TemplateFunction = (...args: unknown[]) => unknown;

export interface TemplateOptions {
  readonly functions?: Readonly<Record<string, TemplateFunction>>;
  /** Go's `missingkey` option. */
  readonly missingKey?: "default" | "error";
}

export class Template {
  readonly name: string;
  readonly text: string;
  readonly #root: readonly Node[];
  readonly #defined: ReadonlyMap<string, readonly Node[]>;
  readonly #functions: Readonly<Record<string, TemplateFunction>>;
  readonly #missingKey: "default" | "error";

  constructor(name: string, text: string, options: TemplateOptions = {}) {
    this.name = name;
    this.text = text;
    this.#functions = options.functions ?? {};
    this.#missingKey = options.missingKey ?? "default";
    const known = (f: string) =>
      Object.hasOwn(this.#functions, f) || Object.hasOwn(builtins, f) || f === "and" || f === "or";
    const { root, defined } = parse(name, text, known);
    this.#root = root;
    this.#defined = defined;
  }

  /** `functions` replace those given at parsing: headers of tables are executed with others. */
  execute(data: unknown, functions: Readonly<Record<string, TemplateFunction>> = {}): string {
    const run = new Execution(this, this.#defined, { ...this.#functions, ...functions }, this.#missingKey, data);
    run.list(this.#root, data);
    return run.output();
  }
}

/** Control flow of {{break}} and {{continue}}. */
type Flow = "next" | "break" | "continue";
interface Variable {
  readonly name: string;
  value: unknown;
}
const none = Symbol("no final argument");
/** What a map without the key answers: prints as "<no value>". */
const noValue = Symbol("no value");

class Execution {
  readonly #template: Template;
  readonly #defined: ReadonlyMap<string, readonly Node[]>;
  readonly #functions: Readonly<Record<string, TemplateFunction>>;
  readonly #missingKey: "default" | "error";
  readonly #out: string[] = [];
  #variables: Variable[];
  #name: string;
  #depth = 0;
  #at: Operand | Command | undefined;

  constructor(
    template: Template,
    defined: ReadonlyMap<string, readonly Node[]>,
    functions: Readonly<Record<string, TemplateFunction>>,
    missingKey: "default" | "error",
    data: unknown,
  ) {
    this.#template = template;
    this.#defined = defined;
    this.#functions = functions;
    this.#missingKey = missingKey;
    this.#name = template.name;
    this.#variables = [{ name: "$", value: data }];
  }

  output(): string {
    return this.#out.join("");
  }

  list(nodes: readonly Node[], dot: unknown): Flow {
    for (const node of nodes) {
      const flow = this.#node(node, dot);
      if (flow !== "next") return flow;
    }
    return "next";
  }

  #node(node: Node, dot: unknown): Flow {
    switch (node.kind) {
      case "text":
        this.#out.push(node.text);
        return "next";
      case "action": {
        const value = this.#pipe(node.pipe, dot);
        if (node.pipe.variables.length === 0) this.#print(value);
        return "next";
      }
      case "if":
      case "with":
        return this.#condition(node, dot);
      case "range":
        return this.#range(node, dot);
      case "template":
        this.#call(node.name, node.pipe === undefined ? undefined : this.#pipe(node.pipe, dot), node.at);
        return "next";
      default:
        return node.kind;
    }
  }

  #print(value: unknown): void {
    if (value === noValue || value === undefined) this.#out.push("<no value>");
    else if (value === null) this.#out.push("<nil>");
    else if (kindOf(value) === "func") this.#fail(`can't print ${nodeText(this.#at ?? dotNode)} of type func()`);
    else this.#out.push(formatValue(value));
  }

  #condition(node: Branch, dot: unknown): Flow {
    const mark = this.#variables.length;
    const value = this.#pipe(node.pipe, dot);
    const flow = truth(value)
      ? this.list(node.list, node.kind === "with" ? value : dot)
      : node.otherwise === undefined
        ? "next"
        : this.list(node.otherwise, dot);
    this.#variables.length = mark;
    return flow;
  }

  #range(node: Branch, dot: unknown): Flow {
    const mark = this.#variables.length;
    const value = this.#pipe({ ...node.pipe, variables: [] }, dot);
    const names = node.pipe.variables;
    const pairs = this.#pairs(value, node.pipe);
    for (const [key, item] of pairs) {
      const bound = names.length === 1 ? [item] : [key, item];
      names.forEach((name, i) => {
        if (node.pipe.assigns) this.#assign(name, bound[i]);
        else this.#variables.push({ name, value: bound[i] });
      });
      const flow = this.list(node.list, item);
      this.#variables.length = mark;
      if (flow === "break") break;
    }
    if (pairs.length === 0 && node.otherwise !== undefined) {
      const flow = this.list(node.otherwise, dot);
      this.#variables.length = mark;
      return flow;
    }
    return "next";
  }
  #pairs(value: unknown, at: Pipe): readonly (readonly [unknown, unknown])[] {
    switch (kindOf(value)) {
      case "nil":
        return [];
      case "slice":
        return (value as readonly unknown[]).map((v, i) => [i, v]);
      case "map":
        return sortedEntries(value as Map<unknown, unknown>);
      case "int":
        return Array.from({ length: Math.max(0, Number(value)) }, (_, i) => [i, i]);
      default:
        if (value === noValue) return [];
        this.#at = at;
        return this.#fail(`range can't iterate over ${formatValue(value)}`);
    }
  }

  #call(name: string, data: unknown, at: number): void {
    const body = this.#defined.get(name);
    if (body === undefined) {
      this.#at = { kind: "string", at, value: name, text: `{{template ${quoted(name)}}}` };
      this.#fail(`template ${quoted(name)} not defined`);
    }
    if (++this.#depth > 10_000) this.#fail("exceeded maximum template depth (10000)");
    const outer = this.#variables;
    const outerName = this.#name;
    this.#variables = [{ name: "$", value: data }];
    this.#name = name;
    this.list(body, data);
    this.#name = outerName;
    this.#variables = outer;
    this.#depth--;
  }

  #pipe(pipe: Pipe, dot: unknown): unknown {
    let value: unknown = none;
    for (const command of pipe.commands) value = this.#command(command, dot, value);
    for (const name of pipe.variables) {
      if (pipe.assigns) this.#assign(name, value);
      else this.#variables.push({ name, value });
    }
    return value;
  }
  #assign(name: string, value: unknown): void {
    const variable = this.#variables.findLast((v) => v.name === name);
    if (variable !== undefined) variable.value = value;
  }

  #command(command: Command, dot: unknown, final: unknown): unknown {
    const [first, ...rest] = command.args;
    if (first === undefined) return undefined;
    this.#at = first;
    switch (first.kind) {
      case "field":
        return this.#fields(dot, first.names, first, rest, dot, final);
      case "variable": {
        const value = this.#variable(first.name);
        if (first.names.length === 0) {
          this.#noArguments(command, rest, final);
          return value;
        }
        return this.#fields(value, first.names, first, rest, dot, final);
      }
      case "chain":
        return this.#fields(this.#argument(first.operand, dot), first.names, first, rest, dot, final);
      case "identifier":
        return this.#function(first.name, first, rest, dot, final, command);
      case "pipe":
        this.#noArguments(command, rest, final);
        return this.#pipe(first, dot);
      default:
        this.#noArguments(command, rest, final);
        if (first.kind === "nil") return this.#fail("nil is not a command");
        return this.#argument(first, dot);
    }
  }
  #noArguments(command: Command, rest: readonly Operand[], final: unknown): void {
    const [first] = command.args;
    if ((rest.length > 0 || final !== none) && first !== undefined)
      this.#fail(`can't give argument to non-function ${nodeText(first)}`);
  }

  #variable(name: string): unknown {
    const variable = this.#variables.findLast((v) => v.name === name);
    return variable === undefined ? this.#fail(`undefined variable: ${name}`) : variable.value;
  }

  #argument(operand: Operand, dot: unknown): unknown {
    this.#at = operand;
    switch (operand.kind) {
      case "dot":
        return dot;
      case "nil":
        return null;
      case "bool":
      case "number":
      case "string":
        return operand.value;
      case "field":
        return this.#fields(dot, operand.names, operand, [], dot, none);
      case "variable":
        return operand.names.length === 0
          ? this.#variable(operand.name)
          : this.#fields(this.#variable(operand.name), operand.names, operand, [], dot, none);
      case "chain":
        return this.#fields(this.#argument(operand.operand, dot), operand.names, operand, [], dot, none);
      case "identifier":
        return this.#function(operand.name, operand, [], dot, none);
      case "pipe":
        return this.#pipe(operand, dot);
    }
  }

  #fields(
    receiver: unknown,
    names: readonly string[],
    node: Operand,
    args: readonly Operand[],
    dot: unknown,
    final: unknown,
  ): unknown {
    let value = receiver;
    names.forEach((name, i) => {
      const last = i === names.length - 1;
      value = this.#field(value, name, node, last ? args : [], dot, last ? final : none);
    });
    return value;
  }

  #field(
    receiver: unknown,
    name: string,
    node: Operand,
    args: readonly Operand[],
    dot: unknown,
    final: unknown,
  ): unknown {
    const given = args.length > 0 || final !== none;
    switch (kindOf(receiver)) {
      case "methods": {
        const method = (receiver as Methods).table[name];
        if (method === undefined) break;
        const values = this.#values(args, dot, final);
        this.#at = node;
        if (values.length !== method.length)
          return this.#fail(`wrong number of args for ${name}: want ${method.length} got ${values.length}`);
        return method(...(values as string[]));
      }
      case "map": {
        const map = receiver as ReadonlyMap<string, unknown>;
        const entry = map.get(name);
        if (typeof entry === "function") return entry(...this.#values(args, dot, final));
        if (given) return this.#failAt(node, `${name} is not a method but has arguments`);
        if (map.has(name)) return entry;
        if (this.#missingKey === "error") return this.#failAt(node, `map has no entry for key ${quoted(name)}`);
        return noValue;
      }
      case "struct": {
        const fields = receiver as Readonly<Record<string, unknown>>;
        const value = fields[name];
        if (Object.hasOwn(fields, name)) {
          if (typeof value === "function") {
            const values = this.#values(args, dot, final);
            this.#at = node;
            return value(...values);
          }
          if (given) return this.#failAt(node, `${name} has arguments but cannot be invoked as function`);
          return value;
        }
        const omitted = omittedField(fields, name);
        if (omitted !== undefined) return omitted.value;
        break;
      }
      case "nil":
        return this.#failAt(
          node,
          receiver === null ? `nil pointer evaluating ${name}` : `nil data; no entry for key ${quoted(name)}`,
        );
      default:
        if (receiver === noValue) return this.#failAt(node, `nil data; no entry for key ${quoted(name)}`);
    }
    return this.#failAt(node, `can't evaluate field ${name} in type ${typeOf(receiver)}`);
  }

  #values(args: readonly Operand[], dot: unknown, final: unknown): unknown[] {
    const values = args.map((a) => this.#argument(a, dot)).map((v) => (v === noValue ? undefined : v));
    if (final !== none) values.push(final === noValue ? undefined : final);
    return values;
  }

  #function(
    name: string,
    node: Operand,
    args: readonly Operand[],
    dot: unknown,
    final: unknown,
    whole: Operand | Command = node,
  ): unknown {
    if (name === "and" || name === "or") return this.#shortCircuit(name, node, args, dot, final);
    const custom = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined;
    const call = custom ?? builtins[name];
    if (call === undefined) return this.#failAt(node, `${quoted(name)} is not a defined function`);
    const values = this.#values(args, dot, final);
    this.#at = node;
    try {
      return call(...values);
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      if (error.arity)
        return this.#fail(`wrong number of args for ${name}: want ${error.message} got ${values.length}`);
      if (error.argument) return this.#fail(error.message);
      this.#at = whole;
      return this.#fail(`error calling ${name}: ${error.message}`);
    }
  }
  #shortCircuit(name: "and" | "or", node: Operand, args: readonly Operand[], dot: unknown, final: unknown): unknown {
    if (args.length === 0 && final === none)
      return this.#failAt(node, `wrong number of args for ${name}: want at least 1 got 0`);
    let value: unknown;
    for (const arg of args) {
      value = this.#argument(arg, dot);
      if (truth(value) === (name === "or")) return value;
    }
    return final === none ? value : final;
  }

  #failAt(node: Operand, message: string): never {
    this.#at = node;
    return this.#fail(message);
  }
  #fail(message: string): never {
    const node = this.#at ?? dotNode;
    const before = this.#template.text.slice(0, node.at);
    const line = before.split("\n").length;
    const column = new TextEncoder().encode(before.slice(before.lastIndexOf("\n") + 1)).length;
    throw new TemplateError(
      `template: ${this.#template.name}:${line}:${column}: executing ${quoted(this.#name)} at <${nodeText(node)}>: ${message}`,
    );
  }
}

const dotNode: Operand = { kind: "dot", at: 0 };
const truth = (value: unknown): boolean => value !== noValue && isTrue(value);
