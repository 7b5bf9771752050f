/**
 * What holds for any input from outside: it is read or refused with a sentence; nothing that was read leads out of the workspace or hides a
 * second line; nothing of it touches a prototype. The unit tests try a few thousand inputs, `npm run fuzz` a hundred thousand each.
 */
import * as fc from "fast-check";
import { readRequest, readTold } from "../../embed/protocol.ts";
import { loadLesson } from "../format/index.ts";
import { pathProblem } from "../format/path.ts";
import { linesOf, type ReadLink, readLink, readRecipe, writeLink } from "../link/index.ts";
import { readStack } from "../link/stack.ts";
import { lessonTemplate } from "../template.ts";
import { damaged, messages, nasty, recipes, stacks } from "./inputs.ts";

/** How many inputs, and which: the same seed makes the same ones. */
export type Run = Pick<fc.Parameters, "numRuns" | "seed" | "path">;

export interface Property {
  readonly name: string;
  check(run: Run): Promise<void>;
}

/** Characters that show one line and run another: controls, and those that turn the direction of writing. */
const hides = (line: string): boolean =>
  [...line].some((character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x20 || code === 0x7f || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  });

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

function clean(): void {
  must(({} as { x?: unknown; polluted?: unknown }).x === undefined, "Object.prototype has changed");
}

function harmless(read: ReadLink): void {
  if (!read.ok) {
    must(read.message.length > 0 && read.message.length < 2000, "a refusal is a sentence");
    return;
  }
  for (const { path } of read.recipe.files) must(pathProblem(path) === undefined, `a path leads out: ${path}`);
  for (const line of linesOf(read.recipe))
    must(line.startsWith("docker ") && !hides(line), `a line is not one docker line: ${JSON.stringify(line)}`);
  clean();
}

const sync = <T>(name: string, inputs: fc.Arbitrary<T>, holds: (input: T) => void): Property => ({
  name,
  check: async (run) => fc.assert(fc.property(inputs, holds), run as fc.Parameters<[T]>),
});

const template = lessonTemplate("fuzz")["lesson.yaml"] ?? "";

export const properties: readonly Property[] = [
  sync(
    "recipes",
    fc.oneof(
      recipes.map((recipe) => JSON.stringify(recipe)),
      fc.json(),
      nasty,
    ),
    (text) => harmless(readRecipe(text)),
  ),
  sync(
    "Compose files",
    fc.oneof(
      stacks.map((stack) => JSON.stringify(stack)),
      damaged("services:\n  web:\n    image: nginx\n    ports: ['80:80']\n"),
      nasty,
    ),
    (text) => {
      const read = readStack(text);
      harmless(read.ok ? { ok: true, recipe: read.recipe } : read);
    },
  ),
  sync("lesson files", fc.oneof(damaged(template), fc.json()), (text) => {
    const read = loadLesson(text);
    if (read.ok)
      for (const { start } of read.value.steps)
        for (const path of Object.keys(start?.files ?? {}))
          must(pathProblem(path) === undefined, `a path leads out: ${path}`);
    else
      must(
        read.problems.length > 0 && read.problems.every(({ line, message }) => line >= 0 && message !== ""),
        "a refusal has a line and a sentence",
      );
    clean();
  }),
  sync("messages to and from an embedded playground", messages, (data) => {
    const request = readRequest(data);
    if (request.kind === "message")
      must(
        Object.values(request.message.params).every(
          (value) => typeof value === "string" || value instanceof Uint8Array,
        ),
        "a parameter is neither text nor bytes",
      );
    readTold(data);
    clean();
  }),
  {
    name: "links",
    async check(run) {
      const good = await writeLink({ v: 1, files: [{ path: "a", text: "b" }], images: [], steps: ["docker ps"] });
      const links = fc.oneof(
        damaged(good),
        fc.base64String().map((text) => `#v1.${text}`),
        recipes,
        nasty.map((text) => `#v${text}`),
      );
      await fc.assert(
        fc.asyncProperty(links, async (link) =>
          harmless(await readLink(typeof link === "string" ? link : await writeLink(link as never))),
        ),
        run as fc.Parameters<[unknown]>,
      );
    },
  },
];
