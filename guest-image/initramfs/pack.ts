import { readFile } from "node:fs/promises";
import { packCpio } from "./newc.ts";

const prebuilt = new URL("../prebuilt/", import.meta.url);

/** The machine's initramfs: the agent as /init, the `docker` stub, and the console that the kernel opens for them. */
export async function initramfs(): Promise<Uint8Array> {
  const agent = await readFile(new URL("agent", prebuilt));
  const docker = await readFile(new URL("docker", prebuilt));
  return packCpio([
    { path: "dev", mode: 0o040755 },
    { path: "dev/console", mode: 0o020600, major: 5, minor: 1 },
    { path: "bin", mode: 0o040755 },
    { path: "bin/docker", mode: 0o100755, data: docker },
    { path: "init", mode: 0o100755, data: agent },
  ]);
}
