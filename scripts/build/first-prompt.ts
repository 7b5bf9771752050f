/** How much JavaScript the first prompt needs, compressed: what the page, its terminals and its Worker import without being asked. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** Bytes, gzip. The promise to whoever opens the page for the first time. */
export const firstPromptBudget = 250 * 1024;

export interface ScriptSize {
  readonly name: string;
  readonly bytes: number;
}

/** The scripts of the site in `folder` that must have arrived before a prompt can show, each with its size in gzip. */
export function firstPromptScripts(folder: string): readonly ScriptSize[] {
  const assets = readdirSync(join(folder, "assets"));
  const chunk = (name: string): string => {
    const found = assets.filter((file) => new RegExp(`^${name}-[\\w-]{8}\\.js$`).test(file));
    if (found.length !== 1) throw new Error(`the site has ${found.length} scripts named ${name}`);
    return `assets/${found[0]}`;
  };
  const page = /<script type="module"[^>]* src="\.\/([^"]+)"/.exec(
    readFileSync(join(folder, "index.html"), "utf8"),
  )?.[1];
  if (page === undefined) throw new Error("index.html names no script");
  return scriptsFrom(folder, [page, chunk("terminals"), chunk("main"), chunk("unpacker-main")]);
}

/** These scripts and all that they import without being asked. */
export function scriptsFrom(folder: string, roots: readonly string[]): readonly ScriptSize[] {
  const wanted = [...roots];
  const seen = new Map<string, number>();
  for (let path = wanted.shift(); path !== undefined; path = wanted.shift()) {
    if (seen.has(path)) continue;
    const code = readFileSync(join(folder, path));
    seen.set(path, gzipSync(code, { level: 9 }).length);
    wanted.push(...staticImports(code.toString()).map((file) => `assets/${file}`));
  }
  return [...seen].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes);
}

/** `import … from "./x.js"`, `export … from "./x.js"`, `import "./x.js"`; not `import("./x.js")`. */
function staticImports(code: string): readonly string[] {
  return [...code.matchAll(/(?:\bfrom|\bimport)\s*["'`]\.\/([\w.-]+\.js)["'`]/g)].flatMap(([, file]) => file ?? []);
}

export const totalOf = (scripts: readonly ScriptSize[]): number => scripts.reduce((sum, { bytes }) => sum + bytes, 0);
