/** The page's Workers. The development build puts others in their place (see vite.config.ts). */

export function createWorker(): Worker {
  return new Worker(new URL("../../worker/main.ts", import.meta.url), { type: "module", name: "drydock" });
}

/** Works on the storage of playgrounds that do not run. */
export function createPlaygroundsWorker(): Worker {
  return new Worker(new URL("../../worker/playgrounds-main.ts", import.meta.url), {
    type: "module",
    name: "drydock-playgrounds",
  });
}
