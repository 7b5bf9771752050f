import { scenarios } from "../../e2e/cli/scenarios.ts";
import { sections } from "../../e2e/walkthrough/sections/index.ts";
import { detailed, words } from "../../e2e/walkthrough/step.ts";
import { buildxCommands } from "../../worker/cli/build/buildx.ts";
import { registerBuildCommands } from "../../worker/cli/build/register.ts";
import { buildxCommand } from "../../worker/cli/build/tree.ts";
import { type CommandNode, commandAt } from "../../worker/cli/command/tree.ts";
import { commands as handlers } from "../../worker/cli/commands/index.ts";
import { shortfalls } from "../../worker/cli/compatibility.ts";
import { pluginFor } from "../../worker/cli/plugins.ts";
import tree from "../../worker/cli/reference/tree.json" with { type: "json" };
import type { Status } from "./operations.ts";

export interface Command {
  readonly path: string;
  readonly status: Status;
  readonly flags: readonly { readonly name: string; readonly status: Status }[];
  readonly test: string;
}

/** All commands that do something themselves, by canonical path. */
export function commands(): readonly Command[] {
  const paths = new Set(
    Object.keys(tree)
      .map((path) => commandAt(path))
      .filter((node) => node !== undefined && node.commands.length === 0)
      .map((node) => node?.canonical ?? ""),
  );
  for (const path of buildxCommands.keys()) paths.add(path);
  const shown = demonstrations();
  registerBuildCommands();
  return [...paths].sort().map((path) => {
    const isOfBuildx = buildxCommands.has(path);
    const status: Status =
      handlers.has(path) ||
      isOfBuildx ||
      pluginFor(path) !== undefined ||
      pluginFor(path.split(" ")[0] ?? "") !== undefined
        ? (shortfalls[path] ?? { level: "yes" })
        : { level: "no", why: "not there" };
    return {
      path,
      status,
      flags: ((isOfBuildx ? buildxCommand(path) : commandAt(path))?.flags ?? [])
        .filter(({ hidden }) => !hidden)
        .map(({ name }) => ({ name, status: shortfalls[`${path} --${name}`] ?? status })),
      test: shown.get(path) ?? testOf(path),
    };
  });
}

function testOf(path: string): string {
  if (path === "image build") return "e2e/guest/build.test.ts";
  return buildxCommands.has(path) || path.startsWith("builder ")
    ? "worker/cli/build/buildx.test.ts"
    : "e2e/cli/recorded.test.ts";
}

/** The first test that types each command: the walkthrough on the machine, else the lines that both clients run on one engine. */
function demonstrations(): ReadonlyMap<string, string> {
  const shown = new Map<string, string>();
  const note = (line: string, test: string): void => {
    const node = commandOf(words(line));
    if (node !== undefined && !shown.has(node.canonical)) shown.set(node.canonical, test);
  };
  for (const section of sections)
    for (const step of section.steps)
      if (typeof step === "string" || "line" in step)
        note(detailed(step).line.replace(/^docker /, ""), `e2e/guest/walkthrough.test.ts, section ${section.title}`);
  for (const lines of Object.values(scenarios))
    for (const line of lines) note(typeof line === "string" ? line : line.line, "e2e/cli/recorded.test.ts");
  return shown;
}

function commandOf(typed: readonly string[]): CommandNode | undefined {
  for (let length = Math.min(3, typed.length); length > 0; length--) {
    const node = commandAt(typed.slice(0, length).join(" "));
    if (node !== undefined) return node;
  }
  return undefined;
}
