/** Go's filepath.Match for one path component, and the paths of a view that a pattern fits. */
import { DockerfileError } from "../dockerfile/index.ts";
import type { RootView, ViewNode } from "./root-view.ts";

export function hasWildcards(path: string): boolean {
  for (let i = 0; i < path.length; i++) {
    if (path[i] === "\\") i++;
    else if ("*?[".includes(path[i] ?? "")) return true;
  }
  return false;
}

const badPattern = (): DockerfileError => new DockerfileError("syntax error in pattern");

export function globExpression(pattern: string): RegExp {
  let source = "^";
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] ?? "";
    if (char === "*") source += "[^/]*";
    else if (char === "?") source += "[^/]";
    else if (char === "\\") {
      const next = pattern[++i];
      if (next === undefined) throw badPattern();
      source += literal(next);
    } else if (char === "[") {
      const end = pattern.indexOf("]", pattern[i + 1] === "^" ? i + 3 : i + 2);
      if (end < 0) throw badPattern();
      source += pattern.slice(i, end + 1);
      i = end;
    } else source += literal(char);
  }
  try {
    return new RegExp(`${source}$`, "su");
  } catch {
    throw badPattern();
  }
}

const literal = (char: string): string => char.replace(/[.*+?^${}()|[\]\\/]/, "\\$&");

/** Absolute paths in order. Components without wildcards may be links to directories. */
export function expandGlob(view: RootView, pattern: string): readonly string[] {
  let paths = [""];
  for (const name of pattern.split("/").filter((part) => part !== "")) {
    if (!hasWildcards(name)) {
      const plain = name.replace(/\\(.)/g, "$1");
      paths = paths.map((path) => `${path}/${plain}`);
      continue;
    }
    const expression = globExpression(name);
    paths = paths.flatMap((path) => {
      const found: ViewNode | undefined = path === "" ? view.root : view.find(path);
      if (found?.node.type !== "directory") return [];
      return view.children(found).flatMap(([child]) => (expression.test(child) ? [`${path}/${child}`] : []));
    });
  }
  return paths.filter((path) => view.find(path, false) !== undefined).map((path) => path || "/");
}
