/** Build checks that need nothing but the file itself. */
import type { Command, Program, Stage } from "./instructions.ts";
import type { Linter } from "./lint.ts";
import type { ParsedDockerfile } from "./node.ts";

export function checkProgram(parsed: ParsedDockerfile, program: Program, lint: Linter): void {
  for (const { endLine } of parsed.emptyContinuations)
    lint.report("NoEmptyContinuation", { start: endLine, end: endLine }, "Empty continuation line");
  checkStageNames(program.stages, lint);
  for (const command of [...program.metaArgs, ...program.stages.flatMap(({ commands }) => commands)])
    checkCommand(command, lint);
  checkCasing(program.stages, lint);
}

function checkStageNames(stages: readonly Stage[], lint: Linter): void {
  const names = new Set<string>();
  for (const { name, stage, words, range, comments } of stages) {
    const [, as = "", written = ""] = words;
    if (words.length === 3) {
      if (written !== written.toLowerCase())
        lint.report("StageNameCasing", range, `Stage name '${written}' should be lowercase`, comments);
      if (isConsistent(name) && as !== (name === name.toLowerCase() ? as.toLowerCase() : as.toUpperCase()))
        lint.report("FromAsCasing", range, `'${as}' and '${name}' keywords' casing do not match`, comments);
    }
    if (stage === "") continue;
    checkDescription("FROM", [stage], { range, comments }, lint);
    if (stage === "context" || stage === "scratch")
      lint.report(
        "ReservedStageName",
        range,
        `Stage name should not use the same name as reserved stage ${JSON.stringify(stage)}`,
        comments,
      );
    if (names.has(stage))
      lint.report(
        "DuplicateStageName",
        range,
        `Duplicate stage name ${JSON.stringify(stage)}, stage names should be unique`,
        comments,
      );
    names.add(stage);
  }
}

function checkCommand(command: Command, lint: Linter): void {
  if (command.kind === "maintainer")
    lint.report(
      "MaintainerDeprecated",
      command.range,
      "Maintainer instruction is deprecated in favor of using label",
      command.comments,
    );
  if (command.kind === "arg")
    checkDescription(
      "ARG",
      command.args.map(({ key }) => key),
      command,
      lint,
    );
}

function checkDescription(
  instruction: string,
  keys: readonly string[],
  { range, comments }: Pick<Command, "range" | "comments">,
  lint: Linter,
): void {
  const last = comments.at(-1);
  if (last === undefined || keys.includes(last.split(" ", 1)[0] ?? "")) return;
  const shown = keys.length > 1 ? "<arg_key>" : keys[0];
  lint.report(
    "InvalidDefinitionDescription",
    range,
    `Comment for ${instruction} should follow the format: \`# ${shown} <description>\``,
    comments,
  );
}

const isConsistent = (name: string): boolean => name === name.toLowerCase() || name === name.toUpperCase();

function checkCasing(stages: readonly Stage[], lint: Linter): void {
  const all = stages.flatMap((stage) => [stage, ...stage.commands]);
  const lower = all.filter(({ name }) => name === name.toLowerCase()).length;
  const upper = all.filter(({ name }) => name !== name.toLowerCase() && name === name.toUpperCase()).length;
  const wanted = lower > upper ? "lowercase" : "uppercase";
  for (const { name, range, comments } of all) {
    if (name === (wanted === "lowercase" ? name.toLowerCase() : name.toUpperCase())) continue;
    lint.report(
      "ConsistentInstructionCasing",
      range,
      `Command '${name}' should match the case of the command majority (${wanted})`,
      comments,
    );
  }
}
