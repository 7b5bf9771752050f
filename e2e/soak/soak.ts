/**
 * Checkpoints in the middle of work, many times: `npm run soak -- [ROUNDS] [--chromium]`. Each round interrupts what containers do, in a
 * way and at a moment of chance, and sees all of it go on.
 */
import { parseArgs } from "node:util";
import { buildImages, buildMachine, buildSite } from "../../scripts/build/steps.ts";
import { ChromiumPlayground } from "./chromium-playground.ts";
import { build, countWork, startContainers, workGoesOn } from "./containers.ts";
import { NodePlayground } from "./node-playground.ts";
import { pause, WAYS } from "./soaked.ts";

const { values, positionals } = parseArgs({
  options: { chromium: { type: "boolean", default: false } },
  allowPositionals: true,
});
const rounds = Number(positionals[0] ?? (values.chromium ? 20 : 200));
const buildEvery = 5;

await (values.chromium ? buildSite() : buildMachine());
await buildImages("prebuilt");
const soaked = await (values.chromium ? ChromiumPlayground.open() : NodePlayground.open());
const started = performance.now();
const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(1);
await startContainers(soaked);
await workGoesOn(soaked, await countWork(soaked));
console.log(`at work after ${seconds(started)} s`);
for (let round = 1; round <= rounds; round++) {
  const way = WAYS[Math.floor(Math.random() * WAYS.length)] ?? "rewind";
  const milliseconds = Math.round(50 + Math.random() * 600);
  const begun = performance.now();
  await pause(milliseconds);
  const before = await countWork(soaked);
  const interrupted = performance.now();
  await soaked.interrupt(way, milliseconds);
  const took = seconds(interrupted);
  await workGoesOn(soaked, before);
  if (round % buildEvery === 0) await build(soaked, round);
  console.log(`${round}/${rounds} ${way} after ${milliseconds} ms: ${took} s, at work again after ${seconds(begun)} s`);
}
console.log(`${rounds} rounds in ${seconds(started)} s`);
await soaked.close();
process.exit(0);
