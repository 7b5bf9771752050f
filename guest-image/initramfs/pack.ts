import { readFile } from "node:fs/promises";
import { packCpio } from "./newc.ts";

const prebuilt = new URL("../prebuilt/", import.meta.url);

/** The machine's initramfs: the agent as /init, the `docker` stub, the containers' init, and the console that the kernel opens for them. */
export async function initramfs(): Promise<Uint8Array> {
  const agent = await readFile(new URL("agent", prebuilt));
  const docker = await readFile(new URL("docker", prebuilt));
  const init = await readFile(new URL("init", prebuilt));
  return packCpio([
    { path: "dev", mode: 0o040755 },
    { path: "dev/console", mode: 0o020600, major: 5, minor: 1 },
    { path: "bin", mode: 0o040755 },
    { path: "bin/docker", mode: 0o100755, data: docker },
    { path: "bin/docker-init", mode: 0o100755, data: init },
    { path: "init", mode: 0o100755, data: agent },
  ]);
}
