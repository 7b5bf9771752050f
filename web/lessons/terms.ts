/** Finds words of the glossary in a text, each only where it first stands. One object serves one text. */
export interface FoundTerm {
  readonly before: string;
  /** As it stands in the text. */
  readonly term: string;
  readonly meaning: string;
  readonly after: string;
}

export class Terms {
  readonly #meanings: ReadonlyMap<string, string>;
  readonly #pattern: RegExp;
  readonly #seen = new Set<string>();

  constructor(glossary: Readonly<Record<string, string>>) {
    this.#meanings = new Map(Object.entries(glossary).map(([term, meaning]) => [term.toLowerCase(), meaning]));
    // Longer ones first: "bind mount" before "mount".
    const words = [...this.#meanings.keys()].sort((a, b) => b.length - a.length);
    this.#pattern = new RegExp(`(?<![\\w-])(?:${words.map(escaped).join("|") || "(?!)"})(?![\\w-])`, "gi");
  }

  /** The first term in the text that this object has not found before. */
  next(text: string): FoundTerm | undefined {
    for (const { 0: term, index } of text.matchAll(this.#pattern)) {
      const key = term.toLowerCase();
      const meaning = this.#meanings.get(key);
      // "layers" after "layer" is nothing new.
      const base = key.replace(/(ies|s)$/, "");
      if (meaning === undefined || this.#seen.has(base)) continue;
      this.#seen.add(base);
      return { before: text.slice(0, index), term, meaning, after: text.slice(index + term.length) };
    }
    return undefined;
  }
}

const escaped = (word: string): string => word.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
