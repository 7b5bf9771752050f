/**
 * Rebuilds tree.json and help.json from a real `docker` client: `npx tsx worker/cli/reference/generate.node.ts`. A plugin's trees are
 * made by `… generate.node.ts buildx FOLDER OUT`: its binary is looked for in FOLDER, the two files are written to OUT.
 * Help is asked for on a very wide terminal, so that pflag wraps nothing and the texts come out whole; compose and buildx are not
 * part of the client's own (they bring their own trees).
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

interface Flag {
  readonly name: string;
  readonly short: string;
  readonly type: string;
  readonly description: string;
}
interface Parsed {
  readonly usage: string;
  readonly description: string;
  readonly aliases: readonly string[];
  readonly examples: string;
  readonly flags: readonly Flag[];
  readonly groups: Readonly<Record<string, readonly (readonly [string, string])[]>>;
  readonly footer: string;
}

const [plugin, pluginFolder = "", output = ""] = process.argv.slice(2);
const home = mkdtempSync(join(tmpdir(), "docker-config-"));
if (plugin !== undefined) {
  mkdirSync(join(home, "cli-plugins"));
  symlinkSync(resolve(pluginFolder, `docker-${plugin}`), join(home, "cli-plugins", `docker-${plugin}`));
}

function helpOf(path: string): string {
  const command = `stty cols 8000 -onlcr; docker ${path} --help`;
  const text = execFileSync("script", ["-qec", command, "/dev/null"], {
    encoding: "utf8",
    env: {
      PATH: process.env.PATH,
      HOME: "/root",
      DOCKER_CONFIG: home,
      DOCKER_HOST: "unix:///nonexistent",
      TERM: "dumb",
    },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const at = text.indexOf("Usage:  docker");
  return text
    .slice(at)
    .replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g"), "")
    .replaceAll("\r", "")
    .replaceAll(home, "<CONFIG>");
}

const headers = [
  "Aliases:",
  "Examples:",
  "Options:",
  "Global Options:",
  "Common Commands:",
  "Management Commands:",
  "Swarm Commands:",
  "Commands:",
];

function parse(text: string): Parsed {
  const lines = text.split("\n");
  const usage = lines.slice(0, lines.indexOf("")).join("\n").replace("Usage:  ", "");
  const sections = new Map<string, string[]>();
  let current = "";
  sections.set("", []);
  for (const line of lines.slice(lines.indexOf(""))) {
    if (headers.includes(line)) {
      current = line.slice(0, -1);
      sections.set(current, []);
    } else if (/^Run '.* --help' for more information/.test(line)) {
      current = "footer";
      sections.set(current, [line]);
    } else sections.get(current)?.push(line);
  }
  const groups: Record<string, (readonly [string, string])[]> = {};
  for (const [name, body] of sections)
    if (name.endsWith("Commands"))
      groups[name] = body
        .filter((l) => l.trim() !== "")
        .map((l) => {
          const [, command = "", short = ""] = /^ {2}(\S+)\s+(.*)$/.exec(l) ?? [];
          return [command.replace(/\*$/, ""), short] as const;
        });
  const flags = [...(sections.get("Options") ?? []), ...(sections.get("Global Options") ?? [])];
  return {
    usage,
    description: (sections.get("") ?? []).join("\n").trim(),
    aliases: (sections.get("Aliases") ?? []).join("").trim().split(", ").filter(Boolean),
    examples: (sections.get("Examples") ?? []).join("\n").trimEnd(),
    flags: parseFlags(flags),
    groups,
    footer: (sections.get("footer") ?? []).join("\n").trimEnd(),
  };
}

function parseFlags(lines: readonly string[]): Flag[] {
  const flags: { name: string; short: string; type: string; description: string }[] = [];
  const start = /^ {2}(?:-(\w), | {4})--([\w-]+)(?: (\S+))? +(?: (\S.*))?$/;
  let column = 0;
  for (const line of lines) {
    const match = start.exec(line);
    if (match !== null) {
      const [, short = "", name = "", type = "bool", description = ""] = match;
      column = line.length - description.length;
      flags.push({ name, short, type, description });
    } else if (line.trim() !== "") {
      const last = flags.at(-1);
      if (last === undefined) throw new Error(`unexpected line: ${line}`);
      last.description += `\n${line.slice(column)}`;
    }
  }
  return flags;
}

const top = plugin ?? "";
const root = parse(helpOf(top));
const all = new Map<string, Parsed>([[top, root]]);
function visit(path: string, parsed: Parsed): void {
  for (const [name] of Object.values(parsed.groups).flat()) {
    if (path === "" && (name === "buildx" || name === "compose")) continue;
    const child = path === "" ? name : `${path} ${name}`;
    const help = parse(helpOf(child));
    all.set(child, help);
    visit(child, help);
  }
}
visit(top, root);

/** Two paths with the same "Aliases" block are one command ("docker ps" and "docker container ls"). */
const canonical = new Map<string, string>();
for (const [path, { aliases, groups }] of all) {
  if (Object.keys(groups).length > 0) continue;
  const key = aliases.join(", ");
  if (key === "") continue;
  const known = canonical.get(key);
  if (known === undefined || path.includes(" ")) canonical.set(key, path);
}

const tree: Record<string, unknown> = {};
const help: Record<string, unknown> = {};
for (const [path, parsed] of all) {
  const shared = canonical.get(parsed.aliases.join(", "));
  const children = Object.values(parsed.groups).flat();
  if (shared !== undefined && shared !== path) {
    tree[path] = { usage: parsed.usage, same: shared };
    continue;
  }
  const parent = path.includes(" ") ? path.slice(0, path.lastIndexOf(" ")) : "";
  const names = parsed.aliases
    .filter((a) => a.startsWith(`docker ${parent === "" ? "" : `${parent} `}`))
    .map((a) => a.slice(a.lastIndexOf(" ") + 1))
    .filter((a) => a !== path.slice(path.lastIndexOf(" ") + 1) && (parent !== "" || !all.has(a)));
  tree[path] = {
    usage: parsed.usage,
    ...(names.length > 0 && parent !== "" && { names }),
    ...(children.length > 0 && { commands: children.map(([name]) => name) }),
    ...(parsed.flags.length > 0 && {
      flags: parsed.flags.map(({ name, short, type }) => [name, short, type].join(",")).join(" "),
    }),
  };
  help[path] = {
    text: parsed.description,
    ...(parsed.aliases.length > 0 && { aliases: parsed.aliases }),
    ...(parsed.examples !== "" && { examples: parsed.examples }),
    ...(children.length > 0 && { groups: parsed.groups, footer: parsed.footer }),
    ...(parsed.flags.length > 0 && { flags: parsed.flags.map((f) => f.description) }),
  };
}
const write = (name: string, value: unknown): void =>
  writeFileSync(
    plugin === undefined ? new URL(name, import.meta.url) : join(output, name),
    `${JSON.stringify(value)}\n`,
  );
write("tree.json", tree);
write("help.json", help);
