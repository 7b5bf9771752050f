/** `npm run fuzz [-- RUNS]`: a hundred thousand hostile inputs (or so many) for each kind of thing that comes from outside. */
import { properties } from "../lessons/fuzz/properties.ts";

const runs = Number(process.argv[2] ?? 100_000);
let failed = 0;
for (const { name, check } of properties) {
  const started = Date.now();
  try {
    await check(runs);
    process.stdout.write(`ok      ${name}: ${runs} inputs in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  } catch (error) {
    failed += 1;
    process.stdout.write(`FAILED  ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}
process.exit(failed === 0 ? 0 : 1);
