/** What an engine may say. A sentence of Docker's is fine; what JavaScript says about itself is a defect that a user sees. */

const javascript =
  /\bundefined\b|is not (?:a function|iterable|a constructor|defined|an object|extensible)|Cannot (?:read|set|convert|destructure|access|mix|assign)|\[object |\b(?:Type|Range|Syntax|Reference|Eval|URI|Internal)Error\b|DOMException|Maximum call stack|Unexpected (?:token|end of (?:JSON|data)|identifier|non-whitespace)|in JSON at|Bad control character|Invalid (?:array|typed|time value|Date|count|string length|code point|regular expression)|reading '|\bNaN\b|^\s+at \S+ \(|\.ts:\d+:\d+|offset is out|out of bounds|The operation was aborted|ReadableStream|WritableStream|structuredClone|could not be cloned/m;

/** The words in `said` that are no engine's, unless the input brought them along. */
export function unspeakable(said: string, input: string): string | undefined {
  const found = javascript.exec(said)?.[0];
  return found === undefined || input.includes(found.trim()) ? undefined : found;
}

/** Something that must not happen; findings of one kind are told once. */
export class Finding extends Error {
  override readonly name = "Finding";
  get kind(): string {
    return this.message
      .replace(/"(?:[^"\\]|\\.)*"/g, '""')
      .replace(/[0-9a-f]{12,}|\d+/g, "N")
      .slice(0, 100);
  }
}

export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Finding(what);
}

export function mustSpeak(said: string, input: string): void {
  const found = unspeakable(said, input);
  if (found !== undefined) throw new Finding(`says ${JSON.stringify(found)}: ${said.slice(0, 400)}`);
}
