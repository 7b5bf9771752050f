/** BuildKit's own cases for its build checks, taken out of `frontend/dockerfile/dockerfile_check_test.go` of a copy of its repository. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  checkProgram,
  Linter,
  PatternMatcher,
  parseDockerfile,
  readIgnoreFile,
  readProgram,
} from "../../worker/engine/build/dockerfile/index.ts";
import { checkStages } from "../../worker/engine/build/lint-stages.ts";
import { planStages } from "../../worker/engine/build/plan/graph.ts";
import type { Case } from "./buildkit-parser.node.ts";

export function runCheckCases(repository: string): readonly Case[] {
  const source = readFileSync(join(repository, "frontend/dockerfile/dockerfile_check_test.go"), "utf8");
  const cases: Case[] = [];
  let name = "";
  let dockerfile: string | undefined;
  let ignore = "";
  const tokens =
    /^func (test\w+)|dockerfile :?= (?:\[\]byte\(`([^`]*)`\)\n|(?=\S))|dockerignore :?= \[\]byte\(`([^`]*)`\)|checkLinterWarnings\(t, sb, &lintTestParams\{(.*?)\n?\t*\}\)\n/gms;
  for (const [, test, file, ignored, body] of source.matchAll(tokens)) {
    if (test !== undefined) [name, ignore, dockerfile] = [test, "", undefined];
    else if (ignored !== undefined) ignore = ignored;
    else if (body === undefined) dockerfile = file;
    else {
      // A file that the test puts together at run time is not to be had from its text.
      if (dockerfile === undefined) continue;
      const usesIgnore = /DockerIgnore:/.test(body);
      // Nor are expectations and ignore files that a function makes.
      if (/Warnings:\s+(?!\[\]expectedLintWarning)|Warning\(|DockerIgnore:\s+(?!dockerignore)/.test(body)) continue;
      // What fails and how is another suite's matter.
      if (/BuildErr|FrontendAttrs|Client/.test(body)) continue;
      const unmarshal = body.indexOf("UnmarshalWarnings:");
      const wanted = [
        ...body
          .slice(Math.max(0, unmarshal))
          .matchAll(/RuleName:\s*"(\w+)".*?Detail:\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`).*?(?:Line:\s*(\d+)|\n\t*\})/gs),
      ].map(
        ([, rule, quoted, raw, line]) =>
          `${rule} ${line ?? ""} ${quoted === undefined ? raw : JSON.parse(`"${quoted}"`)}`,
      );
      if (wanted.length !== (body.slice(Math.max(0, unmarshal)).match(/RuleName:/g)?.length ?? 0)) continue;
      const got = verdicts(dockerfile, usesIgnore ? ignore : "");
      const same = JSON.stringify([...wanted].sort()) === JSON.stringify([...got].sort());
      cases.push({
        name: `${name} ${cases.length}`,
        difference: same ? undefined : `${dockerfile}\nwanted ${wanted.join("\n")}\ngot ${got.join("\n")}`,
      });
    }
  }
  return cases;
}

function verdicts(text: string, ignore: string): readonly string[] {
  try {
    const parsed = parseDockerfile(text);
    const lint = new Linter(parsed.directives.check);
    const program = readProgram(parsed.nodes);
    checkProgram(parsed, program, lint);
    const platform = { os: "linux", architecture: "amd64" };
    const options = { escapeChar: parsed.escapeChar, buildArgs: {}, lint };
    const graph = planStages(program, { ...options, target: "", buildPlatform: platform, targetPlatform: platform });
    checkStages(graph, {
      ...options,
      ignored: new PatternMatcher(readIgnoreFile(ignore)),
      nodes: graph.nodes,
      base: () => ({}),
    });
    return lint.warnings.map(({ rule, range, message }) => `${rule} ${range.start} ${message}`);
  } catch (error) {
    return [`error: ${(error as Error).message}`];
  }
}
