/** Development and tests of the page: a toy host in the machine's place. */
export function createWorker(): Worker {
  const worker = new Worker(new URL("./fake-worker.ts", import.meta.url), { type: "module", name: "drydock-fake" });
  // What the browser says when a Worker dies, on demand.
  addEventListener(
    "drydock-lose-worker",
    () => worker.dispatchEvent(new ErrorEvent("error", { message: "The development host was told to die." })),
    { once: true },
  );
  return worker;
}
