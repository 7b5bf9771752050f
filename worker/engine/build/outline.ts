/** What a Dockerfile offers to who builds it: its targets, and one target's arguments, secrets and agents (BuildKit's subrequests). */
import type { LineRange, Program } from "./dockerfile/index.ts";
import { csvFields } from "./dockerfile/mount.ts";
import { neededStages, type StageGraph, type StageNode } from "./plan/graph.ts";

export interface Target {
  readonly name: string;
  readonly description: string;
  readonly base: string;
  readonly platform: string;
  readonly default: boolean;
  readonly range: LineRange;
}
export interface OutlineArgument {
  readonly name: string;
  readonly description: string;
  readonly value: string;
}
export interface OutlineMount {
  readonly name: string;
  readonly required: boolean;
}
export interface Outline {
  readonly name: string;
  readonly description: string;
  readonly args: readonly OutlineArgument[];
  readonly secrets: readonly OutlineMount[];
  readonly ssh: readonly OutlineMount[];
}

/** The comment above an instruction describes it when it begins with the thing's name. */
function describe(name: string, comments: readonly string[]): string {
  const text = comments.at(-1) ?? "";
  return name !== "" && text.toLowerCase().startsWith(`${name.toLowerCase()} `)
    ? text.slice(name.length + 1).trim()
    : "";
}

export function targetsOf({ stages }: Program, graph: StageGraph): readonly Target[] {
  return stages.map(({ stage, comments, base, platform, range }) => ({
    name: stage,
    description: describe(stage, comments),
    base,
    platform,
    default: graph.target.stage.range.start === range.start,
    range,
  }));
}

/** Of the target and the stages that it needs. */
export function outlineOf(graph: StageGraph, buildArgs: Readonly<Record<string, string>>): Outline {
  const { target } = graph;
  const args = new Map<string, OutlineArgument>();
  const secrets = new Map<string, OutlineMount>();
  const ssh = new Map<string, OutlineMount>();
  const needed = neededStages(graph, () => false);
  const declared = [
    ...graph.metaArgs.filter(({ args }) => args.some(({ key }) => isUsed(key, needed))),
    ...needed.flatMap(({ stage }) => stage.commands),
  ];
  for (const command of declared) {
    if (command.kind === "arg")
      for (const { key, value } of command.args)
        args.set(key, {
          name: key,
          description: describe(key, command.comments) || (args.get(key)?.description ?? ""),
          value: buildArgs[key] ?? value ?? args.get(key)?.value ?? graph.globalArgs.get(key) ?? "",
        });
    if (command.kind === "run") for (const text of command.mounts) noteMount(text, secrets, ssh);
  }
  return {
    name: target.stage.stage,
    description: describe(target.stage.stage, target.stage.comments),
    args: [...args.values()],
    secrets: [...secrets.values()],
    ssh: [...ssh.values()],
  };
}

/** A global argument counts where a FROM or a stage names it. */
const isUsed = (name: string, stages: readonly StageNode[]): boolean =>
  stages.some(
    ({ stage }) =>
      new RegExp(`\\$\\{?${name}\\b`).test(`${stage.base} ${stage.platform}`) ||
      stage.commands.some((command) => command.kind === "arg" && command.args.some(({ key }) => key === name)),
  );

function noteMount(text: string, secrets: Map<string, OutlineMount>, ssh: Map<string, OutlineMount>): void {
  const fields = new Map(
    csvFields(text).map((field) => {
      const equals = field.indexOf("=");
      return equals < 0 ? ([field, "true"] as const) : ([field.slice(0, equals), field.slice(equals + 1)] as const);
    }),
  );
  const type = fields.get("type");
  if (type !== "secret" && type !== "ssh") return;
  const target = fields.get("target") ?? fields.get("dst") ?? "";
  const name = fields.get("id") ?? (type === "ssh" ? "default" : target.slice(target.lastIndexOf("/") + 1));
  (type === "secret" ? secrets : ssh).set(name, { name, required: fields.get("required") === "true" });
}
