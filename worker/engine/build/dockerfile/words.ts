/** Splits an instruction's line into flags and words: quotes group, the escape character takes the next character as it is. */

const isSpace = (char: string): boolean => /\s/.test(char);

export interface SplitFlags {
  readonly flags: readonly string[];
  readonly rest: string;
}

/** The leading "--name=value" words; "--" ends them. Quotes are taken off. */
export function splitFlags(line: string, escapeChar: string): SplitFlags {
  const flags: string[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && isSpace(line[at] ?? "")) at++;
    if (at >= line.length) return { flags, rest: "" };
    if (!line.startsWith("--", at)) return { flags, rest: line.slice(at) };
    let word = "";
    let quoted = false;
    let quote = "";
    for (; at < line.length; at++) {
      let char = line[at] ?? "";
      if (quote === "" && isSpace(char)) break;
      if (quote === "" ? char === "'" || char === '"' : char === quote) {
        quote = quote === "" ? char : "";
        quoted = true;
        continue;
      }
      if (char === escapeChar) {
        if (at + 1 === line.length) continue;
        char = line[++at] ?? "";
      }
      word += char;
    }
    if (word === "--") return { flags, rest: line.slice(at) };
    if (quoted || word !== "") flags.push(word);
  }
}

/** Words separated by blanks; quotes and escapes stay in them. */
export function splitWords(text: string, escapeChar: string): readonly string[] {
  const words: string[] = [];
  const chars = [...text];
  let word = "";
  let quoted = false;
  let quote = "";
  const end = (): void => {
    if (quoted || word !== "") words.push(word);
    word = "";
    quoted = false;
  };
  for (let at = 0; at < chars.length; at++) {
    let char = chars[at] ?? "";
    if (quote === "" && isSpace(char)) {
      end();
      continue;
    }
    if (quote === "" && (char === "'" || char === '"')) {
      quote = char;
      quoted = true;
      word += char;
      continue;
    }
    if (quote !== "" && char === quote) {
      quote = "";
      word += char;
      continue;
    }
    if (char === escapeChar && quote !== "'") {
      if (at + 1 === chars.length) continue;
      word += char;
      char = chars[++at] ?? "";
    }
    word += char;
  }
  end();
  return words;
}
