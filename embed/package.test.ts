/** What `npm run embed` makes can be published: one script without imports, and types that a page in TypeScript compiles against. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "drydock-embed-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const page = `
import { PlaygroundError } from "drydock-playground";
const element = document.querySelector("drydock-playground");
if (element === null) throw new PlaygroundError({ kind: "failed", message: "none" });
const { exitCode, output } = await element.run("docker ps");
const text: string = await element.readFile("a", "utf-8");
const off: () => void = element.on("lesson", ({ step, finished }) => console.log(step.toFixed(), finished === true, exitCode, output, text));
// @ts-expect-error there is no such event
element.on("nonsense", () => {});
off();
`;

it("makes a package that a page can use", () => {
  const made = spawnSync(
    process.execPath,
    ["--import", "tsx", join(root, "scripts/embed.ts"), join(folder, "package")],
    {
      cwd: root,
      encoding: "utf8",
    },
  );
  expect(made.stderr).toBe("");
  const script = readFileSync(join(folder, "package/dist/index.js"), "utf8");
  expect(script).not.toMatch(/^import /m);
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(join(folder, "package"), join(folder, "node_modules/drydock-playground"));
  writeFileSync(join(folder, "page.ts"), page);
  const flags =
    "--noEmit --strict --target es2022 --module esnext --moduleResolution bundler --lib es2022,dom --types".split(" ");
  const checked = spawnSync(join(root, "node_modules/.bin/tsc"), [...flags, "", "page.ts"], {
    cwd: folder,
    encoding: "utf8",
  });
  expect(checked.stdout).toBe("");
  expect(checked.status).toBe(0);
});
