/**
 * The lesson format. A lesson is a folder of data: `lesson.yaml`, a Markdown text for each step, nothing that runs by itself. What is
 * read here is checked by one schema; nothing in this folder knows where the machine is or how a page looks.
 */
export { type Check, checkSchema, containerStates, type Place, type SimpleCheck } from "./check.ts";
export {
  type Hint,
  type Lesson,
  type LessonFile,
  lessonSchema,
  type Start,
  type Step,
  type Task,
} from "./lesson.ts";
export { type Loaded, loadLesson, loadYaml, type Problem } from "./load.ts";
export { pathProblem } from "./path.ts";
export { workspacePath } from "./path-schema.ts";
export { solutionLines } from "./solution.ts";
export { textProblem } from "./text.ts";
