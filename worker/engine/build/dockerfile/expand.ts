// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfile variables are written so.
/**
 * Shell words and variables in Dockerfiles: quotes, escapes, `$name` and `${name…}` with the modifiers of POSIX parameter
 * expansion that BuildKit knows (:- - :+ + :? ? # ## % %%) and bash's / and //. Behaves as BuildKit's shell.Lex.
 */
import { DockerfileError, type LineRange } from "./node.ts";

export type Variables = (name: string) => string | undefined;

export interface ExpandOptions {
  readonly escapeChar: string;
  /** Quotes stay in the result. */
  readonly rawQuotes?: boolean;
  readonly rawEscapes?: boolean;
  /** Quotes are characters like others (content of heredocs). */
  readonly ignoreQuotes?: boolean;
  /** Variables that are not set stay as they are written. */
  readonly keepUnset?: boolean;
}

export interface Expanded {
  readonly text: string;
  /** The text split at blanks that are outside of quotes, variables' values included. */
  readonly words: readonly string[];
  readonly matched: ReadonlySet<string>;
  readonly unmatched: ReadonlySet<string>;
}

export function expand(source: string, variables: Variables, options: ExpandOptions): Expanded {
  const lexer = new Lexer(source, variables, options);
  try {
    const { text, words } = lexer.until(undefined, options.rawEscapes === true);
    return { text, words, matched: lexer.matched, unmatched: lexer.unmatched };
  } catch (error) {
    if (error instanceof DockerfileError)
      throw new DockerfileError(`failed to process ${JSON.stringify(source)}: ${error.message}`);
    throw error;
  }
}

const fail = (message: string): DockerfileError => new DockerfileError(message);
const isBlank = (char: string): boolean => /\s/.test(char);

class Lexer {
  readonly #chars: readonly string[];
  readonly #variables: Variables;
  readonly #options: ExpandOptions;
  #at = 0;
  #rawEscapes = false;
  readonly matched = new Set<string>();
  readonly unmatched = new Set<string>();

  constructor(source: string, variables: Variables, options: ExpandOptions) {
    this.#chars = [...source];
    this.#variables = variables;
    this.#options = options;
  }

  #peek(): string | undefined {
    return this.#chars[this.#at];
  }
  #next(): string | undefined {
    return this.#chars[this.#at++];
  }
  get #ended(): boolean {
    return this.#at >= this.#chars.length;
  }

  until(stop: string | undefined, rawEscapes: boolean): { readonly text: string; readonly words: readonly string[] } {
    const outer = this.#rawEscapes;
    this.#rawEscapes = rawEscapes;
    try {
      return this.#until(stop);
    } finally {
      this.#rawEscapes = outer;
    }
  }

  #until(stop: string | undefined): { readonly text: string; readonly words: readonly string[] } {
    const words = new Words();
    let text = "";
    const { escapeChar, ignoreQuotes } = this.#options;
    while (!this.#ended) {
      const char = this.#peek() ?? "";
      if (char === stop) {
        this.#at++;
        return { text, words: words.end() };
      }
      if (char === "$") {
        const value = this.#dollar();
        text += value;
        words.add(value);
      } else if (char === "<") {
        const value = this.#possibleHeredoc();
        text += value;
        words.addRaw(value);
      } else if ((char === "'" || char === '"') && ignoreQuotes !== true) {
        const value = char === "'" ? this.#singleQuoted() : this.#doubleQuoted();
        text += value;
        words.addRaw(value);
      } else {
        this.#at++;
        if (char !== escapeChar) {
          words.add(char);
          text += char;
          continue;
        }
        if (this.#rawEscapes) {
          words.addRaw(char);
          text += char;
        }
        const escaped = this.#next();
        if (escaped === undefined) break;
        words.addRaw(escaped);
        text += escaped;
      }
    }
    if (stop !== undefined) throw fail(`unexpected end of statement while looking for matching ${stop}`);
    return { text, words: words.end() };
  }

  #singleQuoted(): string {
    const raw = this.#options.rawQuotes === true ? "'" : "";
    this.#at++;
    let text = raw;
    for (;;) {
      const char = this.#next();
      if (char === undefined) throw fail("unexpected end of statement while looking for matching single-quote");
      if (char === "'") return text + raw;
      text += char;
    }
  }

  #doubleQuoted(): string {
    const { escapeChar } = this.#options;
    const raw = this.#options.rawQuotes === true ? '"' : "";
    this.#at++;
    let text = raw;
    for (;;) {
      const char = this.#peek();
      if (char === undefined) throw fail("unexpected end of statement while looking for matching double-quote");
      if (char === "$") {
        text += this.#dollar();
        continue;
      }
      this.#at++;
      if (char === '"') return text + raw;
      if (char !== escapeChar) {
        text += char;
        continue;
      }
      if (this.#rawEscapes) text += char;
      const following = this.#peek();
      if (following === undefined) continue;
      if (following === '"' || following === "$" || following === escapeChar) {
        this.#at++;
        text += following;
      } else text += char;
    }
  }

  #dollar(): string {
    this.#at++;
    if (this.#peek() === "{") return this.#braced();
    const name = this.#name();
    if (name === "") return "$";
    const value = this.#get(name);
    if (value === undefined) return this.#options.keepUnset === true ? `$${name}` : "";
    return value;
  }

  #braced(): string {
    this.#at++;
    const first = this.#peek();
    if (first === undefined) throw fail("syntax error: missing '}'");
    if (first === "{" || first === "}" || first === ":") throw fail("syntax error: bad substitution");
    const name = this.#name();
    let operator = this.#next() ?? "\uFFFD";
    const keep = this.#options.keepUnset === true;
    if (operator === "}") {
      const value = this.#get(name);
      return value ?? (keep ? `\${${name}}` : "");
    }
    if (operator === "/") return this.#replace(name);
    let shown = operator;
    const emptyIsUnset = operator === ":";
    if (emptyIsUnset) {
      operator = this.#next() ?? "\uFFFD";
      shown += operator;
    }
    const isTrim = operator === "#" || operator === "%";
    if (!"+-?#%".includes(operator)) {
      if (!emptyIsUnset) throw fail(`unsupported modifier (${shown}) in substitution`);
    }
    if (emptyIsUnset && isTrim) throw fail(`unsupported modifier (${shown}) in substitution`);
    const word = this.#part("}", isTrim, "syntax error: missing '}'");
    const value = this.#get(name);
    if (value === undefined && keep) return `\${${name}${shown}${word}}`;
    const missing = value === undefined || (emptyIsUnset && value === "");
    switch (operator) {
      case "-":
        return missing ? word : value;
      case "+":
        return missing ? "" : word;
      case "?":
        if (value === undefined) throw fail(`${name}: ${word || "is not allowed to be unset"}`);
        if (missing) throw fail(`${name}: ${word || "is not allowed to be empty"}`);
        return value;
      case "#":
      case "%":
        return trim(value ?? "", word, operator);
      default:
        throw fail(`unsupported modifier (${shown}) in substitution`);
    }
  }

  #replace(name: string): string {
    const all = this.#peek() === "/";
    if (all) this.#at++;
    const pattern = this.#part("/", true, "syntax error: missing '/' in ${}");
    const replacement = this.#part("}", true, "syntax error: missing '}'");
    const value = this.#get(name);
    if (value === undefined) return this.#options.keepUnset === true ? `\${${name}/${pattern}/${replacement}}` : "";
    const expression = patternOf(pattern, true, false, all ? "gsu" : "su");
    return value.replace(expression, () => replacement);
  }

  #part(stop: string, rawEscapes: boolean, whenEnded: string): string {
    try {
      return this.until(stop, rawEscapes).text;
    } catch (error) {
      throw this.#ended ? fail(whenEnded) : error;
    }
  }

  /** Letters, digits and "_"; all digits when it starts with one; one special parameter. */
  #name(): string {
    const rest = this.#peek() ?? "";
    if (/\p{Nd}/u.test(rest)) {
      let digits = "";
      while (/\p{Nd}/u.test(this.#peek() ?? "")) digits += this.#next();
      return digits;
    }
    if (rest !== "" && "@*#?-$!0".includes(rest)) {
      this.#at++;
      return rest;
    }
    let name = "";
    while (/[\p{L}\p{Nd}_]/u.test(this.#peek() ?? "")) name += this.#next();
    return name;
  }

  /** "<<" is one unit with the blanks behind it, so that the word that follows belongs to it. */
  #possibleHeredoc(): string {
    this.#at++;
    if (this.#peek() !== "<") return "<";
    this.#at++;
    let text = "<<";
    while (/[\t\r ]/.test(this.#peek() ?? "")) text += this.#next();
    return text;
  }

  #get(name: string): string | undefined {
    const value = this.#variables(name);
    (value === undefined ? this.unmatched : this.matched).add(name);
    return value;
  }
}

class Words {
  readonly #words: string[] = [];
  #word = "";

  add(text: string): void {
    for (const char of text)
      if (isBlank(char)) this.#cut();
      else this.#word += char;
  }
  addRaw(text: string): void {
    this.#word += text;
  }
  #cut(): void {
    if (this.#word !== "") this.#words.push(this.#word);
    this.#word = "";
  }
  end(): readonly string[] {
    this.#cut();
    return this.#words;
  }
}

/** "#" takes a prefix off, "%" a suffix; doubled, the longest. A suffix is found as a prefix of everything turned around. */
function trim(value: string, word: string, operator: "#" | "%"): string {
  const greedy = word.startsWith(operator);
  const pattern = greedy ? word.slice(1) : word;
  if (operator === "#") return value.replace(patternOf(pattern, greedy, true, "su"), "");
  const turned = reversed(value).replace(patternOf(reversedPattern(pattern), greedy, true, "su"), "");
  return reversed(turned);
}

const reversed = (text: string): string => [...text].reverse().join("");
const reversedPattern = (text: string): string => (text.match(/\\[\s\S]|[\s\S]/gu) ?? []).reverse().join("");

/** A shell pattern of * and ? (no brackets) as a regular expression. */
function patternOf(pattern: string, greedy: boolean, anchored: boolean, flags: string): RegExp {
  const chars = [...pattern];
  let source = anchored ? "^" : "";
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? "";
    if (char === "*") source += greedy ? ".*" : ".*?";
    else if (char === "?") source += ".";
    else if (char === "\\") {
      const following = chars[i + 1];
      if (following === "}" || following === "/") continue;
      if (following !== "*" && following !== "?" && following !== "\\")
        throw fail(`invalid pattern (${pattern}) in substitution: invalid escape '\\${following ?? ""}'`);
      source += `\\${following}`;
      i++;
    } else source += /[[\]{}.+()|^$/]/.test(char) ? `\\${char}` : char;
  }
  return new RegExp(source, flags);
}

/** As {@link expand}, over a map, with the place in the file in its errors. */
export function expandWith(
  source: string,
  variables: ReadonlyMap<string, string>,
  escapeChar: string,
  range: LineRange,
  options: Omit<ExpandOptions, "escapeChar"> = {},
): Expanded {
  try {
    return expand(source, (name) => variables.get(name), { ...options, escapeChar });
  } catch (error) {
    if (error instanceof DockerfileError) throw new DockerfileError(error.message, range);
    throw error;
  }
}
