/** What must hold before a commit: types (three environments), format and lint, and that prebuilt binaries match their recipes. */
import { spawnSync } from "node:child_process";
import { staleBinaries } from "./build/prebuilt.ts";
import { root } from "./build/step.ts";

const commands: readonly (readonly string[])[] = [
  ["tsc", "-p", "tsconfig.json"],
  ["tsc", "-p", "tsconfig.node.json"],
  ["tsc", "-p", "tsconfig.web.json"],
  ["biome", "check", "--error-on-warnings", "."],
];

let failed = 0;
for (const [command = "", ...args] of commands) {
  const { status } = spawnSync(`node_modules/.bin/${command}`, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) failed++;
}
for (const { binary, reason } of staleBinaries()) {
  process.stderr.write(`guest-image/prebuilt/${binary}: ${reason}\n`);
  failed++;
}
process.exit(failed === 0 ? 0 : 1);
