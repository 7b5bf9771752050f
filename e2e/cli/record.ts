/**
 * Records what the real `docker` client prints on the real engine that DRYDOCK_REAL_ENGINE names:
 *   DRYDOCK_REAL_ENGINE=unix:///real/docker.sock node --import tsx e2e/cli/record.ts [SCENARIO…]
 * The engine needs the catalogue's busybox image. "help" stands for the help texts, "what" for refusals of flags.
 */
import { cleanUp, engine, real, side, whyNot } from "./both.ts";
import { helpLine, helpOptions, helpPaths } from "./help-paths.ts";
import { digest, helpName, recordedScenarios, refusedName, save } from "./recorded.ts";
import { refusedLines } from "./refusals.ts";

if (engine === "") {
  process.stderr.write(`${whyNot}\n`);
  process.exit(2);
}
const wanted = process.argv.slice(2);
const isWanted = (name: string): boolean => wanted.length === 0 || wanted.some((start) => name.startsWith(start));

cleanUp();
for (const [name, lines] of recordedScenarios) {
  if (!isWanted(name)) continue;
  const entries = [];
  for (const line of lines) entries.push({ line, ...(await side("real", real, line)) });
  save(name, entries);
  process.stdout.write(`${name}: ${entries.length} lines\n`);
}
if (isWanted(helpName)) {
  const texts: [string, string][] = [];
  for (const path of helpPaths)
    texts.push([path, digest((await side("real", real, helpLine(path), helpOptions)).stdout)]);
  save(helpName, Object.fromEntries(texts));
}
if (isWanted(refusedName)) {
  const refused: [string, string][] = [];
  for (const line of refusedLines)
    refused.push([line.join(" "), digest(JSON.stringify(await side("real", real, line)))]);
  save(refusedName, Object.fromEntries(refused));
  process.stdout.write(`${refusedName}: ${refused.length} lines\n`);
}
cleanUp();
