/**
 * The author's commands: `npm run lesson -- new DIR` makes a lesson to start from, `check DIR…` reads lessons and rehearses them on a
 * machine, `preview DIR` serves a folder to the page. `check` without folders takes all lessons of this repository.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join, normalize, resolve } from "node:path";
import { openLessonMachine } from "../e2e/lessons/machine.ts";
import type { Lesson } from "../lessons/format/index.ts";
import { lessonReference } from "../lessons/format/reference.node.ts";
import { lessonNames, lessonsFolder, readLesson } from "../lessons/read.node.ts";
import { lessonTemplate } from "../lessons/template.ts";
import { rehearse } from "../worker/lessons/index.ts";
import { buildImages, buildMachine } from "./build/steps.ts";

const usage = `Usage:
  npm run lesson -- new DIR        make a lesson to start from
  npm run lesson -- check [DIR…]   read lessons, and rehearse them on a machine
  npm run lesson -- preview DIR    serve a lesson to the page
  npm run lesson -- reference      write docs/lesson-format.md from the schema
`;

const [command, ...folders] = process.argv.slice(2);
switch (command) {
  case "new":
    process.exit(create(folders[0]));
    break;
  case "check":
    process.exit(await check(folders.length > 0 ? folders : lessonNames().map((name) => join(lessonsFolder, name))));
    break;
  case "preview":
    preview(folders[0]);
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
  process.stdout.write(`${folder} holds a lesson that works. Change it, and run: npm run lesson -- check ${folder}\n`);
  return 0;
}

async function check(all: readonly string[]): Promise<number> {
  const good: [string, Lesson][] = [];
  let bad = 0;
  for (const folder of all) {
    const lesson = readLesson(folder);
    if (lesson.ok) good.push([folder, lesson.value]);
    else {
      bad += 1;
      for (const { line, message } of lesson.problems)
        process.stdout.write(`${folder}/lesson.yaml:${line}: ${message}\n`);
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

/** A folder over HTTP with the header that lets a page of another origin read it. */
function preview(folder: string | undefined): void {
  if (folder === undefined) {
    process.stderr.write(usage);
    process.exit(2);
  }
  const root = resolve(folder);
  const server = createServer((request, response) => {
    const name = normalize(decodeURIComponent((request.url ?? "/").split("?")[0] ?? "/"));
    const file = join(root, name);
    if (!file.startsWith(root) || !/\.(yaml|md|png|svg)$/.test(file) || !existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response
      .writeHead(200, {
        "access-control-allow-origin": "*",
        "cache-control": "no-store",
        "content-type": "text/plain; charset=utf-8",
      })
      .end(readFileSync(file));
  });
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    process.stdout.write(
      `The lesson is at http://localhost:${port}/lesson.yaml. Open the page (npm start) with\n  ?lesson=http://localhost:${port}/lesson.yaml\nEach reload reads it again. Ctrl+C ends this.\n`,
    );
  });
}
