/**
 * The author's commands: `npm run lesson -- new DIR` makes a lesson to start from, `check DIR…` reads lessons and rehearses them on a
 * machine, `preview DIR` serves the page with a folder's lesson. `check` without folders takes all lessons of this repository.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { openLessonMachine } from "../e2e/lessons/machine.ts";
import type { Lesson, Problem } from "../lessons/format/index.ts";
import { lessonReference } from "../lessons/format/reference.node.ts";
import { lessonNames, lessonsFolder, readLesson } from "../lessons/read.node.ts";
import { lessonTemplate } from "../lessons/template.ts";
import { rehearse } from "../worker/lessons/index.ts";
import { buildDirectory, root } from "./build/step.ts";
import { buildImages, buildMachine, buildSite } from "./build/steps.ts";
import { serveSiteAt } from "./site-server.ts";

const usage = `Usage:
  npm run lesson -- new DIR        make a lesson to start from
  npm run lesson -- check [DIR…]   read lessons, and rehearse them on a machine
  npm run lesson -- preview DIR    serve the page with a lesson
  npm run lesson -- reference      write docs/lesson-format.md from the schema
`;

/** Beside `npm start`, which takes 8080. The same one each time: the page keeps progress by address. */
const previewPort = 8081;

const [command, ...folders] = process.argv.slice(2);
switch (command) {
  case "new":
    process.exit(create(folders[0]));
    break;
  case "check":
    process.exit(await check(folders.length > 0 ? folders : lessonNames().map((name) => join(lessonsFolder, name))));
    break;
  case "preview":
    await preview(folders[0]);
    break;
  case "reference":
    writeFileSync(join(lessonsFolder, "../docs/lesson-format.md"), lessonReference());
    process.exit(0);
    break;
  default:
    process.stderr.write(usage);
    process.exit(2);
}

function create(folder: string | undefined): number {
  if (folder === undefined || existsSync(folder)) {
    process.stderr.write(folder === undefined ? usage : `${folder} exists already.\n`);
    return 2;
  }
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(lessonTemplate(basename(resolve(folder)))))
    writeFileSync(join(folder, name), content);
  process.stdout.write(
    `${folder} holds a lesson that works. Look at it: npm run lesson -- preview ${folder}\nChange it, then rehearse it: npm run lesson -- check ${folder}\n`,
  );
  return 0;
}

function tellProblems(folder: string, problems: readonly Problem[]): void {
  for (const { line, message } of problems)
    process.stdout.write(`${join(folder, "lesson.yaml")}${line === 0 ? "" : `:${line}`}: ${message}\n`);
}

async function check(all: readonly string[]): Promise<number> {
  const good: [string, Lesson][] = [];
  let bad = 0;
  for (const folder of all) {
    const lesson = readLesson(folder);
    if (lesson.ok) good.push([folder, lesson.value]);
    else {
      bad += 1;
      tellProblems(folder, lesson.problems);
    }
  }
  if (good.length > 0) {
    await buildMachine();
    await buildImages("tests");
    const machine = await openLessonMachine();
    for (const [folder, lesson] of good) {
      const started = Date.now();
      const problems = await rehearse(machine, lesson, {
        onStep: (step) => void process.stderr.write(`${folder}: ${step}\n`),
      }).catch((error: unknown) => [String(error)]);
      if (problems.length > 0) bad += 1;
      process.stdout.write(
        `${problems.length === 0 ? "ok    " : "FAILED"} ${folder} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`,
      );
      for (const problem of problems) process.stdout.write(`       ${problem}\n`);
    }
    await machine.close();
  }
  return bad === 0 ? 0 : 1;
}

/** The page and the folder on one server. What is wrong with the lesson is told here; the page tells it, too, at each reload. */
async function preview(folder: string | undefined): Promise<void> {
  if (folder === undefined || !existsSync(join(folder, "lesson.yaml"))) {
    process.stderr.write(folder === undefined ? usage : `There is no lesson.yaml in ${folder}.\n`);
    process.exit(2);
  }
  const lesson = readLesson(folder);
  if (!lesson.ok) tellProblems(folder, lesson.problems);
  await buildSite();
  const { port } = await serveSiteAt(previewPort, [join(root, "dist")], {
    compress: true,
    mounts: { "/catalogue/": join(buildDirectory, "catalogue"), "/preview/": resolve(folder) },
  });
  // Previews of containers live at names below it, as those of `npm start` do.
  const page = `http://drydock.localhost:${port}/`;
  process.stdout.write(
    `${page}?lesson=${page}preview/lesson.yaml\nEach reload of the page reads the lesson again. Ctrl+C ends this.\n`,
  );
}
