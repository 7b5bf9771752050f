// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfile variables are written so.
import { describe, expect, it } from "vitest";
import { expand } from "./expand.ts";
import { DockerfileError, parseDockerfile } from "./index.ts";

const thrown = (text: string): DockerfileError => {
  try {
    parseDockerfile(text);
  } catch (error) {
    if (error instanceof DockerfileError) return error;
  }
  throw new Error("no error");
};

describe("the Dockerfile parser", () => {
  it("joins continuation lines, leaves comments in between out, and keeps the lines' numbers", () => {
    const { nodes } = parseDockerfile("# hi\nFROM busybox\n\nRUN echo a \\\n# between\n  && echo b\n");
    expect(nodes.map(({ command, args, startLine, endLine }) => [command, args, startLine, endLine])).toEqual([
      ["FROM", ["busybox"], 2, 2],
      ["RUN", ["echo a   && echo b"], 4, 6],
    ]);
    expect(nodes[0]?.comments).toEqual(["hi"]);
  });
  it("reads directives before anything else, and no later ones", () => {
    const parsed = parseDockerfile(
      "# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nRUN dir `\n c:\\\n# check=skip=all\n",
    );
    expect(parsed.directives).toEqual({ syntax: "docker/dockerfile:1", escape: "`" });
    expect(parsed.nodes[1]?.args).toEqual(["dir  c:\\"]);
    expect(thrown("# escape=x\nFROM a").message).toBe("invalid escape token 'x' does not match ` or \\");
  });
  it("reads flags, JSON arrays, and text that only looks like one", () => {
    const { nodes } = parseDockerfile('COPY --chown=1:2 --link ["a b", "c"] \nCMD ["sh", "-c"]\nCMD [ -f x ]\n');
    expect(nodes.map(({ flags, args, json }) => [flags, args, json])).toEqual([
      [["--chown=1:2", "--link"], ["a b", "c"], true],
      [[], ["sh", "-c"], true],
      [[], ["[ -f x ]"], false],
    ]);
    expect(thrown("FROM a\nCMD [1]").message).toBe(
      "when using JSON array syntax, arrays must be comprised of strings only.",
    );
  });
  it("takes heredocs of RUN and COPY, quoted and with leading tabs", () => {
    const { nodes } = parseDockerfile("FROM a\nRUN <<EOF\necho $X\nEOF\nCOPY <<-'A' <<B /x/\n\tone\n\tA\ntwo\nB\n");
    expect(nodes[1]?.heredocs).toEqual([{ name: "EOF", content: "echo $X\n", expand: true, chomp: false }]);
    expect(nodes[2]?.heredocs).toEqual([
      { name: "A", content: "\tone\n", expand: false, chomp: true },
      { name: "B", content: "two\n", expand: true, chomp: false },
    ]);
    expect(thrown("FROM a\nRUN <<EOF\nx\n")).toMatchObject({
      message: "unterminated heredoc",
      range: { start: 2, end: 3 },
    });
  });
  it("reports lines with an empty continuation, and refuses a file without instructions", () => {
    expect(parseDockerfile("FROM a\nRUN x \\\n\n y\n").emptyContinuations).toEqual([{ line: "RUN x  y", endLine: 4 }]);
    expect(thrown("# nothing\n").message).toBe("file with no instructions");
  });
});

describe("variables", () => {
  const values: Readonly<Record<string, string>> = { A: "a", PATH: "foo.tar.gz", EMPTY: "" };
  const text = (source: string): string => expand(source, (name) => values[name], { escapeChar: "\\" }).text;
  it.each([
    ["$A-${A}-$B", "a-a-"],
    ["${B:-x} ${EMPTY:-x} ${EMPTY-x} ${A:+set} ${B+set}", "x x  set "],
    ["${PATH#*.} ${PATH##*.} ${PATH%.*} ${PATH%%.*}", "tar.gz gz foo.tar foo"],
    ["${PATH/o/0} ${PATH//o/0}", "f0o.tar.gz f00.tar.gz"],
    ["'$A' \"$A\" \\$A", "$A a $A"],
  ])("%s becomes %s", (source, wanted) => expect(text(source)).toBe(wanted));
  it("fails where a variable must be set", () => {
    expect(() => text("${B:?no B}")).toThrow('failed to process "${B:?no B}": B: no B');
    expect(() => text("${A")).toThrow("unsupported modifier");
  });
});

describe("any text", () => {
  it("is parsed or refused, never anything else", () => {
    const parts = [
      "FROM a",
      "RUN",
      "<<EOF",
      "\n",
      "\\\n",
      '"',
      "'",
      "[",
      "]",
      "--x=",
      "$",
      "${A:",
      "ONBUILD ",
      "COPY ",
      "\t",
      "#",
      "=",
      "é",
    ];
    let seed = 7;
    const random = (n: number): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % n;
    };
    for (let i = 0; i < 3000; i++) {
      const source = Array.from({ length: random(14) }, () => parts[random(parts.length)]).join("");
      try {
        parseDockerfile(source);
      } catch (error) {
        expect(error).toBeInstanceOf(DockerfileError);
      }
    }
  });
});
