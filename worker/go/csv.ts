/** Go's encoding/csv, as flags with several fields are read. */
import { refuse } from "./value-error.ts";

/** One record of encoding/csv. */
export function parseCsv(text: string): readonly string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      let field = "";
      let from = at + 1;
      for (;;) {
        const end = text.indexOf('"', from);
        if (end < 0)
          return refuse(`record on line 1; parse error on line 2, column 0: extraneous or missing " in quoted-field`);
        field += text.slice(from, end);
        if (text[end + 1] === '"') {
          field += '"';
          from = end + 2;
          continue;
        }
        at = end + 1;
        break;
      }
      fields.push(field);
      if (at < text.length && text[at] !== ",")
        return refuse(`parse error on line 1, column ${at + 1}: extraneous or missing " in quoted-field`);
    } else {
      const end = text.indexOf(",", at);
      const field = text.slice(at, end < 0 ? text.length : end);
      const quote = field.indexOf('"');
      if (quote >= 0) return refuse(`parse error on line 1, column ${at + quote + 1}: bare " in non-quoted-field`);
      fields.push(field);
      at = end < 0 ? text.length : end;
    }
    if (at >= text.length) break;
    at++;
  }
  if (text === "") return refuse("EOF");
  return fields;
}
