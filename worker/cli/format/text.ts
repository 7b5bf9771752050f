/** Shortened ids and texts, widths of characters. */

/** stringid.TruncateID: twelve characters, the digest's algorithm left out. */
export function shortId(id: string): string {
  const at = id.indexOf(":");
  return (at < 0 ? id : id.slice(at + 1)).slice(0, 12);
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
const ascii = /^[\p{ASCII}]*$/u;
export const charWidth = (c: string): number => (wide.test(c) ? 2 : 1);
export function textWidth(text: string): number {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const c of text) width += charWidth(c);
  return width;
}

/** formatter.Ellipsis: at most `maximum` columns, the last one "…". */
export function ellipsis(text: string, maximum: number): string {
  if (maximum <= 0) return "";
  if (textWidth(text) <= maximum) return text;
  if (maximum === 1) return [...text][0] ?? "";
  let width = 0;
  let out = "";
  for (const c of text) {
    width += charWidth(c);
    if (width > maximum - 1) break;
    out += c;
  }
  return `${out}…`;
}

/** sortorder.NaturalLess: runs of digits compare as numbers, everything else by code. */
export function naturalCompare(a: string, b: string): number {
  const left = a.match(/\d+|\D/g) ?? [];
  const right = b.match(/\d+|\D/g) ?? [];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x = "", y = ""] = [left[i], right[i]];
    if (/^\d/.test(x) && /^\d/.test(y)) {
      const order = Number(x) - Number(y) || x.length - y.length;
      if (order !== 0) return order;
    } else if (x !== y) return x < y ? -1 : 1;
  }
  return left.length - right.length;
}
