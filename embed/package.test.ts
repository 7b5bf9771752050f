/** What `npm run embed` makes can be published: one script without imports, and types that a page in TypeScript compiles against. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";

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

const made = join(folder, "package");
const run = (command: string, args: readonly string[], cwd: string) =>
  spawnSync(command, args, { cwd, encoding: "utf8" });

beforeAll(() => {
  const { stderr } = run(process.execPath, ["--import", "tsx", join(root, "scripts/embed.ts"), made], root);
  expect(stderr).toBe("");
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(made, join(folder, "node_modules/drydock-playground"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "page.ts"), page);
}, 120_000);

it("is one script without imports", () => {
  expect(readFileSync(join(made, "dist/index.js"), "utf8")).not.toMatch(/^import /m);
});

it.each([
  ["a bundler", ["--module", "esnext", "--moduleResolution", "bundler"]],
  ["Node.js", ["--module", "nodenext", "--moduleResolution", "nodenext"]],
])("has types that a page finds as %s finds modules", (_, resolution) => {
  const flags = ["--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom", "--types", ""];
  const checked = run(
    join(root, "node_modules/.bin/tsc"),
    [...flags, ...resolution, "--ignoreConfig", "page.ts"],
    folder,
  );
  expect(checked.stdout).toBe("");
  expect(checked.status).toBe(0);
});

it("packs the script, its types, what it is and its licence, and nothing else", () => {
  const packed = run("npm", ["pack", "--dry-run", "--json", "--offline"], made);
  const [{ files }] = JSON.parse(packed.stdout) as [{ readonly files: readonly { readonly path: string }[] }];
  const names = files.map(({ path }) => path);
  expect(names.filter((name) => !/^dist\/\w+\.d\.ts$/.test(name)).sort()).toEqual([
    "LICENSE",
    "README.md",
    "dist/index.js",
    "package.json",
  ]);
  expect(names).toContain("dist/index.d.ts");
});
