import { expect, test } from "vitest";
import { buildxCommand } from "./build/tree.ts";
import { commandAt } from "./command/tree.ts";
import { commands } from "./commands/index.ts";
import { shortfalls } from "./compatibility.ts";
import tree from "./reference/tree.json" with { type: "json" };

/** These come with the builder. */
const elsewhere = ["builder prune", "image build"];

test("every command of the reference has a handler", () => {
  const missing = Object.keys(tree)
    .map((path) => commandAt(path))
    .filter((node) => node !== undefined && node.commands.length === 0)
    .map((node) => node?.canonical ?? "")
    .filter((path) => !commands.has(path) && !elsewhere.includes(path));
  expect(missing).toEqual([]);
});

test("every shortfall is of a command and flag that exist", () => {
  for (const key of Object.keys(shortfalls)) {
    const [path = "", flag] = key.split(" --");
    if (path === "completion") continue;
    const node = commandAt(path) ?? buildxCommand(path);
    expect(node, key).toBeDefined();
    if (flag !== undefined) expect(node?.flags.map((f) => f.name)).toContain(flag);
  }
});
