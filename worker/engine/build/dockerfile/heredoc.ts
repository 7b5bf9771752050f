/** Here-documents in RUN, COPY and ADD: words such as `<<EOF`, `<<-'EOF'`. */
import { expand } from "./expand.ts";
import type { Heredoc } from "./node.ts";

const nothing = (): undefined => undefined;

/** The heredoc that a word opens, without its content. */
export function parseHeredocWord(word: string): Omit<Heredoc, "content"> | undefined {
  const match = /^(\d*)<<(-?)\s*([^<]*)$/.exec(word);
  const rest = match?.[3] ?? "";
  if (match === null || rest === "") return undefined;
  const plain = expand(rest, nothing, { escapeChar: "\\", keepUnset: true });
  const [name] = plain.words;
  if (name === undefined || plain.words.length !== 1) return undefined;
  const raw = expand(rest, nothing, { escapeChar: "\\", keepUnset: true, rawQuotes: true }).words[0] ?? "";
  return { name, expand: quotesIn(name) === quotesIn(raw), chomp: match[2] === "-" };
}

const quotesIn = (text: string): number => text.match(/['"]/g)?.length ?? 0;

/** All that a logical line opens, in order. A line that is no sound shell text opens none. */
export function heredocsOf(line: string): readonly Omit<Heredoc, "content">[] {
  let words: readonly string[];
  try {
    words = expand(line, nothing, { escapeChar: "\\", keepUnset: true, rawQuotes: true, rawEscapes: true }).words;
  } catch {
    return [];
  }
  return words.flatMap((word) => parseHeredocWord(word) ?? []);
}

export const chompHeredoc = (content: string): string => content.replace(/^\t+/gm, "");
