/** pflag's FlagUsagesWrapped. */
export interface FlagHelp {
  readonly name: string;
  readonly short: string;
  readonly type: string;
  readonly description: string;
}

export function flagUsages(flags: readonly FlagHelp[], columns: number): string {
  const heads = flags.map(({ name, short, type }) => {
    const value = type === "bool" ? "" : ` ${type}`;
    return `${short === "" ? "     " : `  -${short},`} --${name}${value}`;
  });
  const width = Math.max(0, ...heads.map((h) => h.length));
  return flags
    .map((flag, i) => {
      const head = heads[i] ?? "";
      return `${head}${" ".repeat(width - head.length + 3)}${wrap(width + 3, columns, flag.description)}\n`;
    })
    .join("");
}

function wrap(indent: number, columns: number, text: string): string {
  let i = indent;
  let room = columns - i;
  let out = "";
  if (room < 24) {
    i = 16;
    room = columns - i;
    out = `\n${" ".repeat(i)}`;
  }
  if (room < 24) return text.replaceAll("\n", out);
  const slop = 5;
  room -= slop;
  const margin = `\n${" ".repeat(i)}`;
  let [line, rest] = cutLine(room, slop, text);
  out += line.replaceAll("\n", margin);
  while (rest !== "") {
    [line, rest] = cutLine(room, slop, rest);
    out += margin + line.replaceAll("\n", margin);
  }
  return out;
}

function cutLine(room: number, slop: number, text: string): readonly [string, string] {
  if (room + slop > text.length) return [text, ""];
  const head = text.slice(0, room);
  const space = Math.max(head.lastIndexOf(" "), head.lastIndexOf("\t"), head.lastIndexOf("\n"));
  if (space <= 0) return [text, ""];
  const newline = head.lastIndexOf("\n");
  const at = newline > 0 && newline < space ? newline : space;
  return [text.slice(0, at), text.slice(at + 1)];
}
