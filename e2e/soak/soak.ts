/** Saves and restores in the middle of work, many times: `tsx e2e/soak/soak.ts [ROUNDS]`. */
import { Soak, WAYS } from "./rounds.ts";

const rounds = Number(process.argv[2] ?? 200);
const soak = await Soak.start();
for (let round = 1; round <= rounds; round++) {
  const way = WAYS[Math.floor(Math.random() * WAYS.length)] ?? "save";
  const milliseconds = Math.round(50 + Math.random() * 800);
  const start = performance.now();
  await soak.round(way, milliseconds);
  console.log(`${round}/${rounds} ${way} after ${milliseconds} ms: ${Math.round(performance.now() - start)} ms`);
}
await soak.stop();
process.exit(0);
