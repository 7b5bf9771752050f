/**
 * v86 comes as one script for every use: network stacks, screens, keyboards, a file system in memory. The machine has none of these; without
 * them the library is a third smaller, which a bundler cannot find out, for assignments to prototypes keep them. Only for the page's bundle:
 * Node runs the library as it is.
 */
import { parseAst } from "vite";

/** Where the library makes what the machine never asks for, told by names that are its public options. */
const unused: readonly RegExp[] = [
  /(this\.network_adapter=)new [\w$]+(?=\()/g,
  /(this\.(?:keyboard|mouse|speaker)_adapter=)new [\w$]+(?=\()/g,
  /(this\.screen_adapter=[\w$]+\.container\?)new [\w$]+(?=\()/g,
  /(this\.modem=)new [\w$]+(?=\()/g,
  /(this\.fs9p=)new [\w$]+(?=\()/g,
  /(\.virtio_9p=)new [\w$]+(?=\([\w$]+\.(?:fs9p|proxy9p),)/g,
  /(\.virtio_balloon=)new [\w$]+(?=\()/g,
];

export function trimV86(source: string): string {
  return withoutUnreached(
    unused.reduce((code, pattern) => {
      if (!pattern.test(code)) throw new Error(`v86 is not as it was, ${pattern} is not in it: adapt v86-trim.ts`);
      pattern.lastIndex = 0;
      return code.replace(pattern, "$1new (void 0)");
    }, source),
  );
}

interface Syntax {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** Leaves out functions of the script's top, with what is assigned to their prototypes, that nothing left names. */
function withoutUnreached(code: string): string {
  const { body } = parseAst(code) as unknown as { readonly body: readonly Syntax[] };
  const functions = new Set(body.filter(({ type }) => type === "FunctionDeclaration").map(({ id }) => nameOf(id)));
  const parts = body.map((statement) => {
    const owner = ownerOf(statement);
    return { statement, owner: functions.has(owner) ? owner : undefined, names: namesIn(statement) };
  });
  const reached = new Set<unknown>();
  const reach = (names: ReadonlySet<unknown>): void => {
    for (const name of names) {
      if (!functions.has(name as string) || reached.has(name)) continue;
      reached.add(name);
      for (const part of parts) if (part.owner === name) reach(part.names);
    }
  };
  for (const { owner, names } of parts) if (owner === undefined) reach(names);
  return parts
    .filter(({ owner }) => owner === undefined || reached.has(owner))
    .map(({ statement: { start, end } }) => code.slice(start, end))
    .join("\n");
}

const nameOf = (node: unknown): string | undefined =>
  (node as Syntax | null)?.type === "Identifier" ? String((node as Syntax).name) : undefined;

/** `function X(){}` and `X.prototype.y = …` belong to X. */
function ownerOf(statement: Syntax): string | undefined {
  if (statement.type === "FunctionDeclaration") return nameOf(statement.id);
  const { type, left } = (statement.expression ?? {}) as Partial<Syntax>;
  if (type !== "AssignmentExpression") return undefined;
  let target = left as Syntax;
  if (target.type !== "MemberExpression") return undefined;
  while (target.type === "MemberExpression") target = target.object as Syntax;
  return nameOf(target);
}

function namesIn(node: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (Array.isArray(node)) for (const each of node) namesIn(each, found);
  else if (typeof node === "object" && node !== null && typeof (node as Syntax).type === "string") {
    const name = nameOf(node);
    if (name !== undefined) found.add(name);
    for (const [key, value] of Object.entries(node)) {
      const label = (key === "property" || key === "key") && (node as Syntax).computed !== true;
      if (!label) namesIn(value, found);
    }
  }
  return found;
}
