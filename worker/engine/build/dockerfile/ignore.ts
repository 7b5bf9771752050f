/** .dockerignore files and other lists of patterns, as moby's patternmatcher reads them: the last pattern that fits decides. */
import { DockerfileError } from "./node.ts";

interface Pattern {
  readonly exclusion: boolean;
  readonly text: string;
  readonly expression: RegExp;
}

/** The patterns of an ignore file: comments and empty lines left out, paths cleaned. */
export function readIgnoreFile(text: string): readonly string[] {
  return text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => {
      const exclusion = line.startsWith("!");
      const rest = exclusion ? line.slice(1).trim() : line;
      if (rest === "") return line;
      const clean = cleanPath(rest);
      const relative = clean.length > 1 && clean.startsWith("/") ? clean.slice(1) : clean;
      return exclusion ? `!${relative}` : relative;
    });
}

/** Go's filepath.Clean. */
export function cleanPath(path: string): string {
  const absolute = path.startsWith("/");
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    if (name === ".." && names.length > 0 && names.at(-1) !== "..") names.pop();
    else if (name !== ".." || !absolute) names.push(name);
  }
  return (absolute ? "/" : "") + names.join("/") || (absolute ? "/" : ".");
}

export class PatternMatcher {
  readonly #patterns: readonly Pattern[];

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns
      .map((pattern) => pattern.trim())
      .filter((pattern) => pattern !== "")
      .map((pattern) => {
        const exclusion = pattern.startsWith("!");
        if (pattern === "!") throw new DockerfileError('illegal exclusion pattern: "!"');
        const text = cleanPath(exclusion ? pattern.slice(1) : pattern);
        return { exclusion, text, expression: expressionOf(text) };
      });
  }

  get hasExclusions(): boolean {
    return this.#patterns.some(({ exclusion }) => exclusion);
  }
  get isEmpty(): boolean {
    return this.#patterns.length === 0;
  }
  /** Everything at the root is matched. */
  get matchesRoot(): boolean {
    return this.#patterns.some(({ exclusion, text }) => !exclusion && ["*", "**", "**/*"].includes(text));
  }

  /** Whether the path, or a directory that it is in, is matched. */
  matches(path: string): boolean {
    const names = path.split("/");
    let matched = false;
    for (const pattern of this.#patterns) {
      // A pattern that could not change the verdict is not tried.
      if (pattern.exclusion !== matched) continue;
      let fits = pattern.expression.test(path);
      for (let i = 1; !fits && i < names.length; i++) fits = pattern.expression.test(names.slice(0, i).join("/"));
      if (fits) matched = !pattern.exclusion;
    }
    return matched;
  }
}

function expressionOf(pattern: string): RegExp {
  let source = "^";
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] ?? "";
    if (char === "*") {
      if (pattern[i + 1] !== "*") {
        source += "[^/]*";
        continue;
      }
      i++;
      if (pattern[i + 1] === "/") i++;
      // "**/" stands for any number of directories, none included.
      source += i + 1 >= pattern.length ? ".*" : "(.*/)?";
    } else if (char === "?") source += "[^/]";
    else if (char === "\\") {
      const next = pattern[++i];
      if (next === undefined) throw new DockerfileError("syntax error in pattern");
      source += /[a-zA-Z0-9]/.test(next) ? next : `\\${next}`;
    } else if (".+()|{}$^".includes(char)) source += `\\${char}`;
    else if (char === "[") {
      const end = pattern.indexOf("]", i + 2);
      if (end < 0) throw new DockerfileError("syntax error in pattern");
      source += pattern.slice(i, end + 1);
      i = end;
    } else source += char;
  }
  try {
    return new RegExp(`${source}$`, "s");
  } catch {
    throw new DockerfileError("syntax error in pattern");
  }
}
