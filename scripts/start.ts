/**
 * `npm start [-- --port N] [-- --no-open]`: builds what is missing, serves the playground and opens it. Images that need a Debian mirror are
 * built in the background; the page can use each as soon as it is there.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildDirectory, root } from "./build/step.ts";
import { buildSite } from "./build/steps.ts";
import { serveSiteAt } from "./site-server.ts";

const { values } = parseArgs({
  options: { port: { type: "string", default: "8080" }, "no-open": { type: "boolean", default: false } },
});
const wished = Number(values.port);
if (!(Number.isInteger(wished) && wished >= 0 && wished < 65536)) {
  process.stderr.write(`npm start: not a port: ${values.port}\n`);
  process.exit(2);
}

await buildSite();
// The catalogue is served from where it is being built, so that each image shows up once it is there.
const site = await serveSiteAt(wished, [join(root, "dist")], {
  compress: true,
  mounts: { "/catalogue/": join(buildDirectory, "catalogue") },
});
// Previews live at ID.drydock.localhost: a name of its own makes them the same site in the browser's eyes.
const address = `http://drydock.localhost:${site.port}/`;
process.stdout.write(`Drydock: ${address} (or ${site.url})\n`);
if (!values["no-open"] && process.stdout.isTTY) openBrowser(address);

const images = spawn(process.execPath, ["--import", "tsx", join(root, "guest-image/catalogue/build.ts")], {
  cwd: root,
  stdio: ["ignore", "ignore", "pipe"],
});
images.stderr.on("data", (text: Buffer) => process.stderr.write(text));
images.on("exit", (code) => {
  if (code !== 0)
    process.stderr.write("drydock: not all images could be built; hello-world and busybox work in any case\n");
});
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    images.kill();
    void site.close().then(() => process.exit(0));
  });

function openBrowser(url: string): void {
  const opener = process.platform === "darwin" ? "open" : process.platform === "win32" ? "explorer" : "xdg-open";
  spawn(opener, [url], { stdio: "ignore", detached: true }).on("error", () => undefined);
}
