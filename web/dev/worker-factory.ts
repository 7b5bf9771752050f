/** Development and tests of the page: toys in the Workers' places. */

export function createPlaygroundsWorker(): Worker {
  return new Worker(new URL("./fake-playgrounds.ts", import.meta.url), { type: "module", name: "drydock-playgrounds" });
}

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
