/** Dockerfiles by their grammar: directives, stages, all instructions with their flags, heredocs and substitutions, each often wrong. */
import * as fc from "fast-check";

const substitution = fc
  .tuple(
    fc.constantFrom("V", "W", "PATH", "TARGETPLATFORM", "1", "_", "", "é"),
    fc.constantFrom("", ":-", ":+", ":?", "-", "+", "?", "#", "##", "%", "%%", "/", "//", ":", "^", "!"),
    fc.constantFrom("", "x", "*", "a/b", "$W", "}", "/", "[a-", "\\", ["$", "{W:-y}"].join("")),
  )
  .chain(([name, operator, word]) =>
    fc.constantFrom(
      `$${name}`,
      `\${${name}}`,
      `\${${name}${operator}${word}}`,
      `\${${name}${operator}${word}`,
      `\\\${${name}}`,
    ),
  );

const word: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...'a d d/f . .. / /x /x/ * ** d/* ?? [a-z] [ !a base scratch busybox 0 1 9 a=b = a= =b K="v w" \'q\' "q \\ \\\\ ` AS as http://hostile.test/f https://hostile.test/g.git#b:c git@hostile.test:x.git archive.tar 80/tcp 80-90 99999 SIGTERM 0 KILL'.split(
        " ",
      ),
    ),
  },
  { weight: 2, arbitrary: substitution },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '["a","b"]',
      '["a"',
      "[1]",
      "[]",
      '{"a":1}',
      "<<EOF",
      "<<-EOF",
      '<<"EOF"',
      "<<E O",
      "EOF",
      "3<<A",
      "\u0000",
      "é",
      "\u202e",
      "a\\",
      "x".repeat(300),
    ),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 8 }) },
);

const flagNames =
  "from chown chmod link parents exclude checksum keep-git-dir unpack mount network security device platform interval timeout start-period start-interval retries nothing".split(
    " ",
  );
const mount = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        ..."type target dst source src from id sharing uid gid mode size required readonly rw env nothing".split(" "),
      ),
      fc.oneof(word, fc.constantFrom("bind", "cache", "tmpfs", "secret", "ssh", "shared", "private", "locked", "true")),
    ),
    { maxLength: 4 },
  )
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join(","));
const flag = fc
  .tuple(
    fc.constantFrom(...flagNames),
    fc.oneof(
      word,
      mount,
      fc.constantFrom(
        "0",
        "base",
        "u+x",
        "0777",
        "1:2",
        "root:nobody",
        "5s",
        "-1s",
        "none",
        "host",
        "sha256:0",
        "linux/386",
        "linux/amd64/v9",
        "true",
        "maybe",
      ),
    ),
  )
  .chain(([name, value]) => fc.constantFrom(`--${name}=${value}`, `--${name}`, `--${name} ${value}`));

const names =
  "FROM COPY ADD ENV ARG LABEL WORKDIR USER EXPOSE VOLUME CMD ENTRYPOINT SHELL HEALTHCHECK ONBUILD STOPSIGNAL MAINTAINER copy From NOPE #".split(
    " ",
  );

/** With RUN, where something can be run. */
const instruction = (all: readonly string[]): fc.Arbitrary<string> =>
  fc
    .record({
      name: fc.constantFrom(...all),
      onBuild: fc.constantFrom(false, false, false, false, false, true),
      flags: fc.array(flag, { maxLength: 2 }),
      words: fc.array(word, { maxLength: 4 }),
      joint: fc.constantFrom(" ", " ", " ", " \\\n", "\t", " \\ \n # c\n\n", ""),
      heredoc: fc.constantFrom("", "", "", "\nx $V\nEOF", "\nnever ends", "\n\tEOF\nEOF"),
    })
    .map(({ name, onBuild, flags, words, joint, heredoc }) => {
      const line = [onBuild ? "ONBUILD" : "", name, ...flags, ...words]
        .filter((part) => part !== "")
        .join(joint || " ");
      return `${line}${heredoc === "" ? "" : ` <<EOF${heredoc}`}`;
    });

const directives = fc.array(
  fc.constantFrom(
    "# syntax=docker/dockerfile:1",
    "# syntax=hostile.test/x",
    "# escape=`",
    "# escape=\\",
    "# escape=x",
    "# check=skip=all;error=true",
    "# check=nothing",
    "#syntax",
    "# escape=`\n# escape=`",
    "#!/bin/sh",
    "\ufeff",
    "// syntax=x",
    "ARG V=busybox",
    "\n",
  ),
  { maxLength: 2 },
);

const dockerfileOf = (all: readonly string[]): fc.Arbitrary<string> =>
  fc
    .record({
      directives,
      begins: fc.constantFrom(
        "FROM base",
        "FROM base",
        "FROM base AS a\nFROM a",
        "FROM scratch",
        "ARG V=base\nFROM $V AS b",
        "",
      ),
      lines: fc.array(instruction(all), { maxLength: 7 }),
      newline: fc.constantFrom("\n", "\n", "\n", "\r\n", "\r"),
    })
    .map(({ directives: first, begins, lines, newline }) =>
      [...first, begins, ...lines, ""].join("\n").replaceAll("\n", newline),
    );

/** For a build domain with an image "base" and no processes. */
export const dockerfiles = dockerfileOf(names);

/** For a machine, with an image "busybox". */
export const runnableDockerfiles = dockerfileOf([...names, "RUN", "RUN", "RUN"]).map((text) =>
  text.replaceAll("base", "busybox"),
);

/** Files of patterns (.dockerignore). */
export const ignoreFiles: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      word,
      fc.tuple(word, word).map((parts) => parts.join("/")),
      word.map((text) => `!${text}`),
    ),
    { maxLength: 5 },
  )
  .map((lines) => lines.join("\n"));
