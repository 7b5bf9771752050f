/** The machine's Worker. The development build puts another one in its place (see vite.config.ts). */
export function createWorker(): Worker {
  return new Worker(new URL("../../worker/main.ts", import.meta.url), { type: "module", name: "drydock" });
}
