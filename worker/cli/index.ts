/**
 * The `docker` command: an invocation in, an exit code out. It knows the Engine API and nothing else; whether the engine is in this
 * process or behind a socket is the transport's affair. Behaves as docker/cli 28.2.2.
 */
import type { ApiTransport, ByteDuplex } from "../api/transport.ts";
import { checkArity, unknownSubcommand } from "./command/arity.ts";
import { type CommandNode, childOf, commandPath, rootCommand, useLine } from "./command/tree.ts";
import { commands } from "./commands/index.ts";
import { configDirectoryOf, loadConfig, resolvePath } from "./config/config-file.ts";
import { contextNameOf, defaultHost, hostOf, readContext } from "./config/contexts.ts";
import { listChecks } from "./flags/checks.ts";
import { Flags } from "./flags/flags.ts";
import { FlagError, parseFlags } from "./flags/parse.ts";
import { showHelp } from "./help/show.ts";
import type { CliInvocation } from "./invocation.ts";
import { type ClientNetwork, noNetwork } from "./network.ts";
import { pluginFor } from "./plugins.ts";
import { Client } from "./session/client.ts";
import type { Context } from "./session/context.ts";
import { CliError, messageOf, Terminated } from "./session/errors.ts";
import { Output } from "./session/output.ts";
import { Signals } from "./session/signals.ts";
import { needsSupport, requireSupport, requireSupportedCommand } from "./session/support.ts";
import { clientVersion } from "./session/version.ts";

export interface RunOptions {
  /** Connects to another engine, for DOCKER_HOST, -H and contexts; `undefined` where it cannot. */
  readonly connect?: (host: string) => ApiTransport | undefined;
  readonly now?: () => number;
  readonly after?: (milliseconds: number) => Promise<void>;
  readonly network?: ClientNetwork;
  /** Puts an engine on a byte stream as HTTP, for `system dial-stdio`. */
  readonly serve?: (connection: ByteDuplex, api: ApiTransport) => Promise<void>;
}

/** Never throws; what goes wrong is written on stderr. */
export async function runDocker(
  invocation: CliInvocation,
  api: ApiTransport,
  options: RunOptions = {},
): Promise<number> {
  const abort = new AbortController();
  const out = new Output(invocation.stdout, invocation.terminal.stdout, () => abort.abort(new CliError("")));
  const err = new Output(invocation.stderr, invocation.terminal.stderr, () => undefined);
  let forced: (code: number) => void = () => undefined;
  const killed = new Promise<number>((resolve) => {
    forced = resolve;
  });
  const signals = new Signals(invocation.signals, (signal, force) => {
    abort.abort(new Terminated(signal));
    if (!force) return;
    err.print("\ngot 3 SIGTERM/SIGINTs, forcefully exiting\n");
    forced(1);
  });
  const session: Session = { invocation, api, options, out, err, signals, signal: abort.signal };
  const code = await Promise.race([guarded(session), killed]);
  signals.end();
  await out.end().catch(() => undefined);
  await err.end().catch(() => undefined);
  return code & 0xff;
}

interface Session {
  readonly invocation: CliInvocation;
  readonly api: ApiTransport;
  readonly options: RunOptions;
  readonly out: Output;
  readonly err: Output;
  readonly signals: Signals;
  readonly signal: AbortSignal;
}

async function guarded(session: Session): Promise<number> {
  try {
    return (await execute(session)) ?? 0;
  } catch (thrown) {
    const error = session.signal.aborted && !(thrown instanceof CliError) ? session.signal.reason : thrown;
    const message = messageOf(error);
    if (message !== "") session.err.line(message);
    return error instanceof CliError ? error.exitCode : 1;
  }
}

async function execute(session: Session): Promise<number | undefined> {
  const { invocation, out, err } = session;
  const root = rootCommand();
  const globals = new Flags(root.flags);
  const top = parse(root, globals, invocation.args, false);
  const configDirectory = globals.changed("config") ? globals.string("config") : configDirectoryOf(invocation.env);
  if (globals.bool("version")) {
    out.line(`Docker version ${clientVersion.Version}, build ${clientVersion.GitCommit}`);
    return 0;
  }
  const level = globals.string("log-level");
  if (level !== "" && !logLevels.includes(level.toLowerCase()))
    throw new CliError(`Unable to parse logging level: ${level}`);
  const help = async (node: CommandNode, target = out): Promise<number> => {
    // A context that cannot be found is no reason to show no help.
    const context = await contextOf(session, globals, configDirectory, node, new Flags([]), []).catch(() => undefined);
    return showHelp(node, { invocation, out: target, configDirectory, client: context?.client });
  };
  const [first] = top.args;
  if (top.help === "short") out.line(shortHelpDeprecated);
  if (top.help !== "no") return help(root);
  if (first === undefined) return help(root, err);
  if (first === "help") return helpCommand(top.args.slice(1), help);

  const plugin = pluginFor(first);
  const { node, args } = plugin === undefined ? traverse(root, top.args) : { node: root, args: top.args };
  const replacement = plugin ?? pluginFor(node.canonical);
  if (replacement !== undefined) {
    const load = replacement.load();
    const run = load instanceof Promise ? await load : load;
    const rest = plugin === undefined ? args : args.slice(1);
    return run(await contextOf(session, globals, configDirectory, node, new Flags([]), rest));
  }
  if (first === "__complete" || first === "__completeNoDesc" || first === "completion") {
    const { complete } = await import("./completion/index.ts");
    return complete(await contextOf(session, globals, configDirectory, root, new Flags([]), top.args));
  }
  if (node.path === "")
    throw new CliError(`docker: unknown command: docker ${first}\n\nRun 'docker --help' for more information`);

  if (needsSupport(node) && !args.includes("--help"))
    await requireSupportedCommand(await contextOf(session, globals, configDirectory, node, new Flags([]), args));
  const flags = new Flags(node.flags);
  const parsed = parse(node, flags, args, node.interspersed, listChecks(node, invocation.env));
  if (parsed.help === "short") out.line(shortHelpDeprecated);
  if (parsed.help !== "no" || flags.bool("help")) return help(node);
  if (node.commands.length > 0 && !commands.has(node.canonical)) {
    if (parsed.args[0] !== undefined) throw unknownSubcommand(node, parsed.args[0]);
    return help(node, err);
  }
  const entry = commands.get(node.canonical);
  if (entry === undefined)
    throw new CliError(`docker: '${commandPath(node)}' is not available in this build of the client`);
  checkArity(node, entry.arity, parsed.args);
  const context = await contextOf(session, globals, configDirectory, node, flags, parsed.args);
  const support = requireSupport(context);
  if (support !== undefined) await support;
  const load = entry.load();
  const run = load instanceof Promise ? await load : load;
  return run(context);
}

const shortHelpDeprecated = "Flag shorthand -h has been deprecated, use --help";

function parse(
  node: CommandNode,
  flags: Flags,
  args: readonly string[],
  interspersed: boolean,
  check?: ReturnType<typeof listChecks>,
): ReturnType<typeof parseFlags> {
  try {
    return parseFlags(flags, args, { interspersed, ...(check && { check }) });
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    throw new CliError(
      `${error.message}\n\nUsage:  ${useLine(node)}\n\nRun '${commandPath(node)} --help' for more information`,
      125,
    );
  }
}

/** Follows subcommands as far as they are known. */
function traverse(
  root: CommandNode,
  args: readonly string[],
): { readonly node: CommandNode; readonly args: readonly string[] } {
  let node = root;
  let at = 0;
  for (;;) {
    const name = args[at];
    const child = name === undefined ? undefined : childOf(node, name);
    if (child === undefined) return { node, args: args.slice(at) };
    node = child;
    at++;
  }
}

async function helpCommand(topics: readonly string[], help: (node: CommandNode) => Promise<number>): Promise<number> {
  const { node, args } = traverse(rootCommand(), topics);
  if (args.length > 0) throw new CliError(`unknown help topic: ${args.join(" ")}`);
  return help(node);
}

async function contextOf(
  session: Session,
  globals: Flags,
  configDirectory: string,
  node: CommandNode,
  flags: Flags,
  args: readonly string[],
): Promise<Context> {
  const { invocation, out, err, signals, signal, options } = session;
  const { config, warning } = await loadConfig(invocation, configDirectory);
  if (warning !== undefined) err.line(warning);
  const hosts = globals.list("host");
  if (hosts.length > 1) throw new CliError("Specify only one -H");
  if (hosts.length > 0 && globals.changed("context"))
    throw new CliError("conflicting options: cannot specify both --host and --context");
  const contextName = contextNameOf({ host: hosts[0], context: globals.string("context") }, invocation.env, config);
  const usesContext = contextName !== "default" && !node.path.startsWith("context");
  const host =
    (hosts[0] === undefined ? undefined : fullHost(hosts[0])) ??
    (usesContext
      ? hostOf(await contextMeta(invocation, configDirectory, contextName))
      : nonEmpty(invocation.env.DOCKER_HOST)) ??
    defaultHost;
  const transport = host === defaultHost ? session.api : (options.connect?.(host) ?? unreachable);
  const version = nonEmpty(invocation.env.DOCKER_API_VERSION);
  return {
    node,
    flags,
    args,
    out,
    err,
    client: new Client(transport, { host, signal, ...(version !== undefined && { version }) }),
    config,
    configDirectory: resolvePath(invocation.cwd, configDirectory),
    contextName,
    invocation,
    signals,
    signal,
    now: options.now ?? Date.now,
    after: options.after ?? ((milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))),
    ...(options.network ?? noNetwork),
    ...(options.serve && { serve: options.serve }),
  };
}

async function contextMeta(...args: Parameters<typeof readContext>): ReturnType<typeof readContext> {
  try {
    return await readContext(...args);
  } catch (error) {
    throw new CliError(`Failed to initialize: unable to resolve docker endpoint: ${messageOf(error)}`);
  }
}

/** opts.ParseHost: TCP where no protocol is named. */
function fullHost(host: string): string {
  const trimmed = host.trim();
  if (trimmed === "") return defaultHost;
  const full = trimmed.includes("://") ? trimmed : `tcp://${trimmed}`;
  return full.startsWith("tcp://") && !/:\d+$/.test(full) ? `${full}:2375` : full;
}

const logLevels = ["panic", "fatal", "error", "warn", "warning", "info", "debug", "trace"];

const nonEmpty = (text: string | undefined): string | undefined => (text === "" ? undefined : text);
const unreachable: ApiTransport = { request: () => Promise.reject(new Error("no way to this host")) };
