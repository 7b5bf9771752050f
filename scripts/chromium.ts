/** The browser for the journeys: Debian's Chromium, installed where it is missing and can be. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const candidates = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The path of an installed Chromium; undefined where there is none. */
export function findChromium(): string | undefined {
  return candidates.find((path): path is string => path !== undefined && existsSync(path));
}

export function ensureChromium(): string {
  const found = findChromium();
  if (found !== undefined) return found;
  process.stderr.write("drydock: installing chromium …\n");
  const install = (args: readonly string[]) =>
    spawnSync("apt-get", args, { stdio: ["ignore", 2, 2], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
  install(["update", "-qq"]);
  install(["install", "-y", "-qq", "--no-install-recommends", "chromium"]);
  const installed = findChromium();
  if (installed === undefined)
    throw new Error("the journeys need Chromium: install it, or name its path in the variable CHROMIUM");
  return installed;
}

/** Flags under which Chromium runs as root, without a display, and keeps to itself. */
export const chromiumFlags: readonly string[] = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // No test asks the outside; a name that nobody answers for would be waited for.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1",
];
