/** What a lesson is: the schema of `lesson.yaml`, from which its types, its validation and its reference come. */
import { z } from "zod";
import { checkSchema } from "./check.ts";
import { workspacePath } from "./path-schema.ts";

const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}$/, "must be lower-case letters, digits and -");
const line = z.string().min(1).max(2000);
const title = z.string().min(1).max(120);

export const startSchema = z.strictObject({
  files: z
    .record(workspacePath, z.string().max(200_000))
    .optional()
    .describe("files of the workspace, path to content"),
  images: z
    .array(z.string().min(1).max(250))
    .max(20)
    .optional()
    .describe("pulled before the step opens, so that no task waits for a download"),
  run: z.array(line).max(40).optional().describe("shell lines in the workspace, run as the learner"),
});

export const taskSchema = z.strictObject({
  id,
  goal: z.string().min(1).max(300).describe("what shall be true, not what to type; Markdown in one line"),
  check: checkSchema.describe("a check, see below"),
});

export const hintSchema = z.strictObject({
  when: checkSchema.describe("a check, see below: the hint is shown while it holds"),
  task: id.optional().describe("only while this task is open; without it, while any is"),
  text: z.string().min(1).max(1000),
  test: z.array(line).max(20).optional().describe("shell lines that bring this state about, for the rehearsal"),
});

const solutionSchema = z.union([
  line,
  z.strictObject({ run: line, why: z.string().min(1).max(500).optional(), task: id.optional() }),
]);

export const stepSchema = z.strictObject({
  id,
  title,
  text: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*\.md$/, "must be the name of a Markdown file in the lesson's folder")
    .describe("the Markdown file with this step's text"),
  start: startSchema.optional().describe("what is made before it opens; it begins where the step before it ended"),
  tasks: z.array(taskSchema).max(8).default([]),
  hints: z.array(hintSchema).max(20).default([]),
  solution: z
    .array(solutionSchema)
    .max(40)
    .default([])
    .describe("shell lines, or `{ run, why }`; it also follows after hints, so let it clean up what they left"),
});

export const lessonSchema = z
  .strictObject({
    title,
    track: id,
    minutes: z.int().min(1).max(60),
    summary: z.string().min(1).max(200),
    level: z.enum(["easy", "medium", "hard"]).optional().describe("of challenges"),
    needs: z
      .strictObject({
        images: z.array(z.string().min(1).max(250)).max(20).optional(),
        memory: z
          .string()
          .regex(/^\d+[mg]$/, "must be a size, as 256m")
          .optional(),
      })
      .optional(),
    steps: z.array(stepSchema).min(1).max(20),
  })
  .check((context) => {
    const steps = new Set<string>();
    for (const [index, step] of context.value.steps.entries()) {
      const complain = (path: (string | number)[], message: string): void => {
        context.issues.push({ code: "custom", message, path: ["steps", index, ...path], input: step });
      };
      if (steps.has(step.id)) complain(["id"], `is the id of an earlier step: ${step.id}`);
      steps.add(step.id);
      const tasks = new Set(step.tasks.map((task) => task.id));
      if (tasks.size < step.tasks.length) complain(["tasks"], "have the same id twice");
      if (step.tasks.length > 0 && step.solution.length === 0) complain(["solution"], "is missing: tasks need one");
      for (const [at, { task }] of step.hints.entries())
        if (task !== undefined && !tasks.has(task)) complain(["hints", at, "task"], `is no task of this step: ${task}`);
    }
  });

export type LessonFile = z.infer<typeof lessonSchema>;
export type Step = LessonFile["steps"][number];
export type Task = Step["tasks"][number];
export type Hint = Step["hints"][number];
export type Start = NonNullable<Step["start"]>;

/** A lesson with the text of each step, by the name of its file. */
export interface Lesson extends LessonFile {
  readonly texts: Readonly<Record<string, string>>;
}
