/** `npm run embed [-- DIR]`: makes the npm package of `<drydock-playground>` in DIR (build/embed without one): one script, its types, its README, the licence. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { buildDirectory, root } from "./build/step.ts";

const folder = resolve(process.argv[2] ?? join(buildDirectory, "embed"));
const source = join(root, "embed");
const target = join(folder, "dist");
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });

await build({
  entryPoints: [join(source, "index.ts")],
  outfile: join(target, "index.js"),
  bundle: true,
  format: "esm",
  target: "es2022",
});
const types = spawnSync(
  join(root, "node_modules/.bin/tsc"),
  ["-p", join(source, "tsconfig.json"), "--outDir", target],
  {
    stdio: ["ignore", 2, 2],
  },
);
if (types.status !== 0) process.exit(1);
// Our sources name each other with their own ending; what is published are .js files with types beside them.
for (const name of readdirSync(target).filter((each) => each.endsWith(".d.ts")))
  writeFileSync(
    join(target, name),
    readFileSync(join(target, name), "utf8").replaceAll(/("\.\/[^"]+)\.ts"/g, '$1.js"'),
  );
for (const name of ["package.json", "README.md"]) copyFileSync(join(source, name), join(folder, name));
copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
process.stdout.write(`${folder}\n`);
