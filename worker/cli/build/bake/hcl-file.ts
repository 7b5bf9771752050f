/** Bake files in HCL and in JSON: blocks become groups and targets, with variables, functions, matrices and references between targets. */
import { CliError } from "../../session/errors.ts";
import { type Block, type Body, type Expression, HclError } from "./hcl/ast.ts";
import { evaluate, isObject, type Scope, textOf, type Value } from "./hcl/evaluate.ts";
import { parseTemplate } from "./hcl/expressions.ts";
import { parseHcl } from "./hcl/parser.ts";
import { type Definitions, type Entry, fields, type Group, type Target, type Variable } from "./target.ts";

export interface SourceFile {
  readonly name: string;
  readonly text: string;
}
interface ParsedFile extends SourceFile {
  readonly body: Body;
}

/** Files are read as one: a variable of one may be used in another. */
export function readBakeFiles(files: readonly SourceFile[], env: Readonly<Record<string, string>>): Definitions {
  const parsed = files.map((file): ParsedFile => ({ ...file, body: located(file, () => bodyOf(file)) }));
  const reader = new Reader(parsed, env);
  return reader.read();
}

function bodyOf({ name, text }: SourceFile): Body {
  if (!name.endsWith(".json") && !text.trimStart().startsWith("{")) return parseHcl(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CliError(`failed to parse ${name}: ${(error as Error).message}`);
  }
  return jsonBody(value);
}

function located<T>({ name, text }: SourceFile, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof HclError)) throw error;
    const { line, column } = error.place;
    const lines = text.split("\n");
    const from = Math.max(1, line - 2);
    const shown = lines.slice(from - 1, line + 2).map((content, i) => {
      const number = from + i;
      return ` ${String(number).padStart(3)} | ${number === line ? ">>>" : "   "} ${content}`;
    });
    const rule = "-".repeat(20);
    throw new CliError(
      `${name}:${line}\n${rule}\n${shown.join("\n")}\n${rule}\nERROR: ${name}:${line},${column}-${column}: ${error.message}`,
    );
  }
}

const noPlace = { line: 1, column: 1 };
const blockTypes: Readonly<Record<string, number>> = { variable: 1, function: 1, group: 1, target: 1 };

/** HCL's JSON form: known block types hold their labels as keys; strings are templates. */
function jsonBody(value: unknown, isTop = true): Body {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new HclError("Invalid JSON root; an object is required", noPlace);
  const attributes = new Map();
  const blocks: Block[] = [];
  for (const [name, content] of Object.entries(value)) {
    if (isTop && Object.hasOwn(blockTypes, name) && typeof content === "object" && content !== null)
      for (const [label, body] of Object.entries(content))
        blocks.push({ type: name, labels: [label], body: jsonBody(body, false), place: noPlace });
    else attributes.set(name, { name, value: jsonExpression(content), place: noPlace });
  }
  return { attributes, blocks };
}

function jsonExpression(value: unknown): Expression {
  if (typeof value === "string") return parseTemplate(value);
  if (typeof value === "number" || typeof value === "boolean" || value === null || value === undefined)
    return { kind: "literal", value: value ?? null, place: noPlace };
  if (Array.isArray(value)) return { kind: "list", items: value.map(jsonExpression), place: noPlace };
  return {
    kind: "object",
    items: Object.entries(value as object).map(([key, item]) => ({
      key: { kind: "literal", value: key, place: noPlace },
      value: jsonExpression(item),
    })),
    place: noPlace,
  };
}

class Reader {
  readonly #files: readonly ParsedFile[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #values = new Map<string, Value>();
  /** Being evaluated: what names itself is an error. */
  readonly #open = new Set<string>();
  #depth = 0;

  constructor(files: readonly ParsedFile[], env: Readonly<Record<string, string>>) {
    this.#files = files;
    this.#env = env;
  }

  read(): Definitions {
    const groups = new Map<string, Group>();
    const targets = new Map<string, Target>();
    const variables: Variable[] = [];
    for (const file of this.#files)
      located(file, () => {
        for (const block of file.body.blocks) {
          const [label = ""] = block.labels;
          if (block.type === "variable") variables.push(this.#describe(label, block));
          else if (block.type === "group") groups.set(label, this.#group(groups.get(label), block));
          else if (block.type === "target") this.#targets(block, targets, groups);
          else if (block.type !== "function")
            throw new HclError(
              `Unsupported block type; Blocks of type ${JSON.stringify(block.type)} are not expected here.`,
              block.place,
            );
        }
      });
    return { groups, targets, variables };
  }

  #describe(name: string, { body }: Block): Variable {
    const description = body.attributes.get("description");
    const value = this.#variable(name) ?? null;
    const checks = body.blocks.filter(({ type }) => type === "validation");
    for (const { body: check, place } of checks) {
      const condition = check.attributes.get("condition");
      const message = check.attributes.get("error_message");
      if (condition !== undefined && evaluate(condition.value, this.#scope()) !== true)
        throw new HclError(
          message === undefined ? `Validation failed for ${name}` : textOf(evaluate(message.value, this.#scope())),
          place,
        );
    }
    return {
      name,
      value,
      description: description === undefined ? "" : textOf(evaluate(description.value, this.#scope())),
    };
  }

  #group(known: Group | undefined, block: Block): Group {
    const read = this.#attributes(block, this.#scope());
    return { ...known, targets: [], ...read } as unknown as Group;
  }

  /** One target, or one for each combination of its matrix, with a group that has them all. */
  #targets(block: Block, targets: Map<string, Target>, groups: Map<string, Group>): void {
    const [label = ""] = block.labels;
    const matrix = block.body.attributes.get("matrix");
    const put = (name: string, target: Target): void => {
      if (!/^[a-zA-Z0-9_-]+$/.test(name))
        throw new HclError(
          `invalid target name ${JSON.stringify(name)}; only "[a-zA-Z0-9_-]+" are allowed`,
          block.place,
        );
      targets.set(name, { ...targets.get(name), ...target });
    };
    if (matrix === undefined) {
      put(label, this.#target(block, this.#scope()));
      return;
    }
    const axes = evaluate(matrix.value, this.#scope());
    const nameOf = block.body.attributes.get("name");
    if (!isObject(axes) || nameOf === undefined) throw new HclError("a matrix needs a map and a name", block.place);
    let combinations: readonly Readonly<Record<string, Value>>[] = [{}];
    for (const [axis, values] of Object.entries(axes)) {
      if (!Array.isArray(values)) throw new HclError("matrix values must be lists", block.place);
      combinations = combinations.flatMap((one) => values.map((value: Value) => ({ ...one, [axis]: value })));
    }
    const names: string[] = [];
    for (const combination of combinations) {
      const scope = this.#scope(combination);
      const name = textOf(evaluate(nameOf.value, scope));
      names.push(name);
      put(name, this.#target(block, scope));
    }
    groups.set(label, { targets: names });
  }

  #target(block: Block, scope: Scope): Target {
    return this.#attributes(block, scope) as Target;
  }

  #attributes({ body, type }: Block, scope: Scope): Readonly<Record<string, unknown>> {
    const read: Record<string, unknown> = {};
    for (const { name, value, place } of body.attributes.values()) {
      if (name === "name" || name === "matrix") continue;
      const known =
        type === "group" ? ({ targets: "texts", description: "text" } as const)[name] : fields[name as keyof Target];
      if (known === undefined)
        throw new HclError(
          `Unsupported argument; An argument named ${JSON.stringify(name)} is not expected here.`,
          place,
        );
      const result = evaluate(value, scope);
      if (result === null) continue;
      try {
        read[name] = convert(known, result);
      } catch (error) {
        throw new HclError(`Unsuitable value type; Unsuitable value: ${(error as Error).message}`, place);
      }
    }
    return read;
  }

  #scope(own: Readonly<Record<string, Value>> = {}): Scope {
    return {
      variable: (name) => (Object.hasOwn(own, name) ? own[name] : this.#variable(name)),
      call: (name, args) => this.#call(name, args),
    };
  }

  #variable(name: string): Value | undefined {
    if (this.#values.has(name)) return this.#values.get(name);
    if (name === "target" || name === "group") return this.#references(name);
    if (name === "BAKE_CMD_CONTEXT") return "cwd://";
    if (name === "BAKE_LOCAL_PLATFORM") return "linux/386";
    const found = this.#find((file) => {
      const block = file.body.blocks.find(({ type, labels }) => type === "variable" && labels[0] === name);
      const attribute = block?.body.attributes.get("default") ?? file.body.attributes.get(name);
      return block === undefined && attribute === undefined ? undefined : { attribute, block };
    });
    if (found === undefined) return undefined;
    if (this.#open.has(name))
      throw new HclError(
        `Invalid expression; variable cycle not allowed for ${name}`,
        found.attribute?.place ?? noPlace,
      );
    this.#open.add(name);
    const initial = found.attribute === undefined ? null : evaluate(found.attribute.value, this.#scope());
    const given = found.block === undefined ? undefined : this.#env[name];
    const value = given === undefined ? initial : fromEnvironment(name, given, initial);
    this.#open.delete(name);
    this.#values.set(name, value);
    return value;
  }

  /** "target.base.args.X": other blocks as values. */
  #references(type: "target" | "group"): Value {
    const all: Record<string, Value> = {};
    for (const { body } of this.#files)
      for (const block of body.blocks) {
        const [label = ""] = block.labels;
        if (block.type !== type || block.body.attributes.has("matrix")) continue;
        Object.defineProperty(all, label, {
          enumerable: true,
          get: () => {
            const key = `${type}.${label}`;
            if (this.#open.has(key)) throw new HclError(`reference cycle not allowed for ${key}`, block.place);
            this.#open.add(key);
            try {
              return this.#attributes(block, this.#scope());
            } finally {
              this.#open.delete(key);
            }
          },
        });
      }
    return all;
  }

  #call(name: string, args: readonly Value[]): Value | undefined {
    const block = this.#find(({ body }) =>
      body.blocks.find(({ type, labels }) => type === "function" && labels[0] === name),
    );
    if (block === undefined) return undefined;
    const { attributes } = block.body;
    const names = (expression: Expression | undefined): readonly string[] =>
      expression?.kind === "list" ? expression.items.map((item) => (item.kind === "name" ? item.name : "")) : [];
    const params = names(attributes.get("params")?.value);
    const variadic = attributes.get("variadic_params")?.value;
    const result = attributes.get("result");
    if (result === undefined) throw new HclError("a function needs a result", block.place);
    if (args.length < params.length || (variadic === undefined && args.length > params.length))
      throw new Error(`${params.length} arguments are required`);
    if (++this.#depth > 100) throw new HclError("function calls are too deep", block.place);
    const own: Record<string, Value> = Object.fromEntries(params.map((param, i) => [param, args[i] ?? null]));
    if (variadic?.kind === "name") own[variadic.name] = args.slice(params.length);
    const value = evaluate(result.value, this.#scope(own));
    this.#depth--;
    return value;
  }

  #find<T>(search: (file: ParsedFile) => T | undefined): T | undefined {
    for (const file of this.#files.toReversed()) {
      const found = search(file);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** A variable of the environment takes the type that its default has. */
function fromEnvironment(name: string, text: string, initial: Value): Value {
  if (typeof initial === "number") {
    const value = Number(text);
    if (text.trim() === "" || Number.isNaN(value)) throw new CliError(`failed to parse ${name} as number`);
    return value;
  }
  if (typeof initial === "boolean") {
    if (!/^(1|0|t|f|true|false)$/i.test(text)) throw new CliError(`failed to parse ${name} as bool`);
    return /^(1|t|true)$/i.test(text);
  }
  if (initial !== null && typeof initial === "object")
    throw new CliError(
      `failed to parse ${name}: unsupported type; only strings, numbers and booleans come from the environment`,
    );
  return text;
}

function convert(kind: string, value: Value): unknown {
  switch (kind) {
    case "text":
      return textOf(value);
    case "flag":
      if (typeof value === "boolean") return value;
      throw new Error("bool required");
    case "map":
      if (!isObject(value)) throw new Error("map of string required");
      return Object.fromEntries(Object.entries(value).flatMap(([k, v]) => (v === null ? [] : [[k, textOf(v)]])));
    case "entries":
      if (!Array.isArray(value)) throw new Error("list required");
      return value.map(
        (item: Value): Entry =>
          isObject(item) ? Object.fromEntries(Object.entries(item).map(([k, v]) => [k, textOf(v)])) : textOf(item),
      );
    default:
      if (!Array.isArray(value)) throw new Error("list of string required");
      return value.filter((item: Value) => item !== null).map((item: Value) => textOf(item));
  }
}
