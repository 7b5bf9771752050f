/** Control data as Debian writes it everywhere (deb822(5)): stanzas of `Field: value`, continued by lines that start with a blank. */

/** Field names in lower case, as they compare without case. Continuation lines keep their line breaks. */
export type Stanza = ReadonlyMap<string, string>;

export function parseStanza(text: string): Stanza {
  const fields = new Map<string, string>();
  let current: string | undefined;
  for (const line of text.split("\n")) {
    if (line.startsWith("#") || line.trim() === "") continue;
    if (/^[ \t]/.test(line)) {
      if (current !== undefined) fields.set(current, `${fields.get(current) ?? ""}\n${line}`);
      continue;
    }
    const colon = line.indexOf(":");
    if (colon < 1) throw new Error(`not a control field: ${line}`);
    current = line.slice(0, colon).toLowerCase();
    fields.set(current, line.slice(colon + 1).trim());
  }
  return fields;
}

export const splitStanzas = (text: string): readonly string[] =>
  text.split(/\n{2,}/).filter((part) => part.trim() !== "");
