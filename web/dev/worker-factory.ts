/** Development and tests of the page: a toy host in the machine's place. */
export function createWorker(): Worker {
  return new Worker(new URL("./fake-worker.ts", import.meta.url), { type: "module", name: "drydock-fake" });
}
