/** `docker buildx`, and `docker builder`, which is the same where buildx is there. There is one builder, the engine itself. */
import { type Arity, anyArgs, atMost, checkArity, exactly, noArgs } from "../command/arity.ts";
import type { CommandNode } from "../command/tree.ts";
import type { Context, Handler } from "../session/context.ts";
import { ApiError, CliError } from "../session/errors.ts";
import { childAt, nodeAt, parseArgs, showBuildxHelp } from "./tree.ts";

interface Entry {
  readonly arity: Arity;
  readonly load: () => Promise<Handler>;
}
const entry = <M>(arity: Arity, module: () => Promise<M>, pick: (module: M) => Handler): Entry => ({
  arity,
  load: async () => pick(await module()),
});
const builders = () => import("./builders.ts");
const history = () => import("./history/index.ts");
const imagetools = () => import("./imagetools/index.ts");

export const buildxCommands: ReadonlyMap<string, Entry> = new Map([
  [
    "buildx bake",
    entry(
      anyArgs,
      () => import("./bake/index.ts"),
      (m) => m.bake,
    ),
  ],
  [
    "buildx build",
    entry(
      exactly(1),
      () => import("./build.ts"),
      (m) => m.build,
    ),
  ],
  ["buildx create", entry(atMost(1), builders, (m) => m.create)],
  [
    "buildx dial-stdio",
    entry(
      noArgs,
      () => import("./dial-stdio.ts"),
      (m) => m.dialStdio,
    ),
  ],
  [
    "buildx du",
    entry(
      noArgs,
      () => import("./du.ts"),
      (m) => m.diskUsage,
    ),
  ],
  ["buildx history export", entry(anyArgs, history, (m) => m.exportRecords)],
  ["buildx history import", entry(noArgs, history, (m) => m.importRecords)],
  ["buildx history inspect", entry(atMost(1), history, (m) => m.inspect)],
  ["buildx history inspect attachment", entry(atMost(2), history, (m) => m.attachment)],
  ["buildx history logs", entry(atMost(1), history, (m) => m.logs)],
  ["buildx history ls", entry(noArgs, history, (m) => m.list)],
  ["buildx history open", entry(atMost(1), history, (m) => m.open)],
  ["buildx history rm", entry(anyArgs, history, (m) => m.remove)],
  ["buildx imagetools create", entry(anyArgs, imagetools, (m) => m.create)],
  ["buildx imagetools inspect", entry(exactly(1), imagetools, (m) => m.inspect)],
  ["buildx inspect", entry(atMost(1), builders, (m) => m.inspect)],
  ["buildx ls", entry(noArgs, builders, (m) => m.list)],
  [
    "buildx prune",
    entry(
      noArgs,
      () => import("./du.ts"),
      (m) => m.prune,
    ),
  ],
  ["buildx rm", entry(anyArgs, builders, (m) => m.remove)],
  ["buildx stop", entry(atMost(1), builders, (m) => m.stop)],
  ["buildx use", entry(exactly(1), builders, (m) => m.use)],
  ["buildx version", entry(noArgs, builders, (m) => m.version)],
]);

/** A command of buildx under another name: `docker build`. */
export const buildxAt =
  (path: string): Handler =>
  (context) =>
    follow(context, nodeAt(path), context.args, "");

async function follow(
  context: Context,
  node: CommandNode,
  given: readonly string[],
  builder: string,
): Promise<number | undefined> {
  const run = buildxCommands.get(node.path);
  const isGroup = node.commands.length > 0;
  const first = parseArgs(node, given, !isGroup);
  const [name, ...rest] = first.args;
  const chosen = first.flags.string("builder") || builder;
  const child = isGroup && name !== undefined ? childAt(node, name) : undefined;
  if (child !== undefined) return await follow(context, child, first.help ? ["--help", ...rest] : rest, chosen);
  // A group that does something itself ("history inspect") takes flags after its arguments too.
  const { flags, args, help } = isGroup && run !== undefined ? parseArgs(node, given, true) : first;
  if (help) {
    await showBuildxHelp(context, node);
    return 0;
  }
  if (run === undefined) {
    await showBuildxHelp(context, node);
    if (name !== undefined) throw new CliError(`ERROR: unknown command: ${JSON.stringify(name)}`);
    return 0;
  }
  try {
    checkArity(node, run.arity, args);
    checkBuilder(chosen || (context.invocation.env.BUILDX_BUILDER ?? ""), context.contextName);
    return await (await run.load())({ ...context, node, flags, args });
  } catch (error) {
    throw prefixed(error);
  }
}

/** The plugin's main prints errors behind "ERROR: ". */
function prefixed(error: unknown): unknown {
  if (error instanceof ApiError) return new CliError(`ERROR: ${error.message}`, error.exitCode);
  if (error instanceof CliError && error.message !== "" && error.exitCode === 1 && !/(^|\n)ERROR: /.test(error.message))
    return new CliError(`ERROR: ${error.message}`, 1);
  return error;
}

function checkBuilder(name: string, contextName: string): void {
  if (name !== "" && name !== "default" && name !== contextName)
    throw new CliError(`no builder ${JSON.stringify(name)} found`);
}
