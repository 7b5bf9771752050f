/** `--help`: asks how wide the terminal is and what the engine offers, and prints. */
import type { CommandNode } from "../command/tree.ts";
import type { CliInvocation } from "../invocation.ts";
import { namedPlugins } from "../plugins.ts";
import type { Client } from "../session/client.ts";
import type { Output } from "../session/output.ts";
import { type Offer, renderHelp } from "./render.ts";

export interface ShowHelpOptions {
  readonly invocation: CliInvocation;
  readonly out: Output;
  readonly configDirectory: string;
  readonly client: Client | undefined;
}

export async function showHelp(
  node: CommandNode,
  { invocation, out, configDirectory, client }: ShowHelpOptions,
): Promise<number> {
  const columns = invocation.terminal.stdin ? (await invocation.terminal.size()).columns : 80;
  out.print(
    await renderHelp(node, {
      columns: columns === 0 ? 80 : columns,
      configDirectory,
      plugins: namedPlugins(),
      bold: out.isTerminal,
      platform: invocation.env.DOCKER_DEFAULT_PLATFORM ?? "",
      offer: await offerOf(client),
    }),
  );
  return 0;
}

/** What the engine does not have is hidden; one that does not answer hides nothing. */
async function offerOf(client: Client | undefined): Promise<Offer> {
  try {
    const response = await client?.call("GET", "/_ping");
    if (response === undefined) return everything;
    const { headers } = response;
    const swarm = headers.swarm;
    return {
      experimental: headers["docker-experimental"] === "true",
      windows: (headers.ostype ?? "") === "windows" || headers.ostype === undefined,
      swarm: swarm === undefined || swarm === "active/manager" ? "manager" : swarm === "inactive" ? "none" : "worker",
    };
  } catch {
    return everything;
  }
}
/** The client assumes no experimental features where it cannot ask. */
const everything: Offer = { experimental: true, windows: true, swarm: "manager" };
