// Runs one of the project's TypeScript entries on a fresh clone: installs the packages first where they are missing.
//   node scripts/run.mjs ENTRY [ARGS…]
// Plain JavaScript on Node's own modules, since nothing else is there yet.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const installed = join(root, "node_modules/.package-lock.json");

function packagesMissing() {
  if (!existsSync(installed)) return true;
  if (statSync(installed).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs) return false;
  // A lock file that is newer (a fresh checkout) but names the same packages needs no install.
  const names = (file) => Object.keys(JSON.parse(readFileSync(file, "utf8")).packages).filter((name) => name !== "");
  const have = new Set(names(installed));
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  return Object.entries(lock).some(([name, entry]) => name !== "" && !entry.optional && !have.has(name));
}

if (packagesMissing()) {
  process.stderr.write("drydock: installing npm packages …\n");
  const { status } = spawnSync("npm", ["ci", "--silent"], { cwd: root, stdio: ["ignore", 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

const [entry, ...args] = process.argv.slice(2);
const child = spawn(process.execPath, ["--import", "tsx", join(root, entry), ...args], { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(signal === null ? code : 1));
