/**
 * docs/lesson-format.md, written from the schema: each key of a lesson, each kind of check with its parameters. `npm run lesson -- reference`
 * writes it; a test fails when it is stale.
 */
import { z } from "zod";
import { simple } from "./check.ts";
import { hintSchema, lessonSchema, startSchema, stepSchema, taskSchema } from "./lesson.ts";

interface Shape {
  readonly type?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Shape[];
  readonly items?: Shape;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
}

const shapeOf = (schema: z.ZodType): Shape => z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Shape;

export function lessonReference(): string {
  const parts: readonly (readonly [string, z.ZodType])[] = [
    ["lesson.yaml", lessonSchema],
    ["A step", stepSchema],
    ["Its `start`", startSchema],
    ["A task", taskSchema],
    ["A hint", hintSchema],
  ];
  return [
    "# The format of lessons",
    "",
    "Written from the schema that reads them (`npm run lesson -- reference`). What is not named here is refused, with its line. How to write a",
    "lesson is in [lessons.md](lessons.md).",
    ...parts.flatMap(([title, schema]) => ["", `## ${title}`, "", ...keys(shapeOf(schema))]),
    "",
    "## Checks",
    "",
    "A check is `{ kind: …, … }`. `all` and `any` have `of`, a list of checks; `not` has `of`, one check, and `say`, what is read while that one",
    "still holds. They nest four deep. Texts are compared as they are: there are no patterns.",
    ...simple.options.flatMap((option) => check(shapeOf(option))),
    "",
  ].join("\n");
}

function check({ properties, required, description }: Shape): readonly string[] {
  const { kind, ...parameters } = properties ?? {};
  return [
    "",
    `### ${String(kind?.const)}`,
    "",
    description ?? "",
    "",
    ...keys({ properties: parameters, required: required ?? [] }),
  ];
}

function keys({ properties = {}, required = [] }: Shape): readonly string[] {
  return [
    "| key | value | |",
    "|---|---|---|",
    ...Object.entries(properties).map(
      ([name, shape]) =>
        `| \`${name}\`${required.includes(name) ? "" : " (optional)"} | ${describe(shape)} | ${shape.description ?? ""} |`,
    ),
  ];
}

function describe(shape: Shape): string {
  if (shape.enum !== undefined) return shape.enum.map((each) => `\`${String(each)}\``).join(", ");
  if (shape.anyOf !== undefined) return shape.anyOf.map(describe).join(", or ");
  if (shape.type === "array")
    return `list${shape.maxItems === undefined ? "" : ` of at most ${shape.maxItems}`}${itemsOf(shape.items)}`;
  if (shape.properties !== undefined) return `\`{ ${Object.keys(shape.properties).join(", ")} }\``;
  switch (shape.type) {
    case "string":
      return "text";
    case "integer":
      return "number";
    case "boolean":
      return "`true` or `false`";
    case "object":
      return "keys and texts";
    default:
      return "";
  }
}

const itemsOf = (items: Shape | undefined): string =>
  items?.properties === undefined || Object.keys(items.properties).length > 4
    ? ""
    : `: \`{ ${Object.keys(items.properties).join(", ")} }\``;
