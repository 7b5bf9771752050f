/** `--help`: finds out how wide the terminal is, and prints. */
import type { CommandNode } from "../command/tree.ts";
import type { CliInvocation } from "../invocation.ts";
import { namedPlugins } from "../plugins.ts";
import type { Output } from "../session/output.ts";
import { renderHelp } from "./render.ts";

export async function showHelp(
  node: CommandNode,
  {
    invocation,
    out,
    configDirectory,
  }: { readonly invocation: CliInvocation; readonly out: Output; readonly configDirectory: string },
): Promise<number> {
  const columns = invocation.terminal.stdin ? (await invocation.terminal.size()).columns : 80;
  out.print(
    await renderHelp(node, {
      columns: columns === 0 ? 80 : columns,
      configDirectory,
      plugins: namedPlugins(),
      bold: out.isTerminal,
    }),
  );
  return 0;
}
