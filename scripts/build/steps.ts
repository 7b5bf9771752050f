/** What is built from what. Each function is cheap when nothing has changed. */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { firstPromptScripts, totalOf } from "./first-prompt.ts";
import { buildDirectory, ensure, root } from "./step.ts";

const prebuilt = (...names: readonly string[]) => names.map((name) => `guest-image/prebuilt/${name}`);
/** Images that the tests run. */
const testImages = ["hello-world", "busybox", "debian", "nginx", "python", "registry", "packages"] as const;

function run(entry: string, args: readonly string[] = []): void {
  const { status } = spawnSync(process.execPath, ["--import", "tsx", join(root, entry), ...args], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) throw new Error(`${entry} failed`);
}

/** The userland of the guest's prompt: from Debian's packages, or from busybox where no mirror answers. */
async function buildUserland(): Promise<void> {
  await ensure({
    name: "userland",
    title: "building the userland",
    inputs: [
      "guest-image/rootfs",
      "guest-image/debian",
      "guest-image/catalogue/catalogue.lock.json",
      "worker/cli/completion",
      "worker/engine/images/erofs",
      ...prebuilt("docker", "images"),
    ],
    outputs: ["userland/manifest.json", "userland/userland.erofs"],
    run: async () => run("guest-image/rootfs/build.ts"),
  });
}

/** Everything that `npm run docker` needs: the userland and a snapshot of the warm machine. */
export async function buildMachine(): Promise<void> {
  await buildUserland();
  await ensure({
    name: "snapshot",
    title: "booting the machine and taking its snapshot",
    inputs: [
      "guest-image/snapshot",
      "guest-image/initramfs",
      "worker/vm",
      "worker/guest",
      "worker/machine",
      "worker/engine/runtime",
      "worker/engine/networks",
      "worker/engine/images/layers",
      "worker/engine/images/erofs",
      "worker/assembly.ts",
      "build/userland/manifest.json",
      ...prebuilt("bzImage", "agent", "docker", "disk.ext4.gz"),
    ],
    outputs: ["snapshot/manifest.json"],
    run: async () => run("guest-image/snapshot/build.ts"),
  });
}

/** Images of the catalogue: those in the repository, those that tests run, or all (which needs a Debian mirror; what cannot be had is said). */
export async function buildImages(which: "prebuilt" | "tests" | "all"): Promise<void> {
  const names = which === "prebuilt" ? ["hello-world", "busybox"] : which === "tests" ? testImages : [];
  await ensure({
    name: `images-${which}`,
    title: which === "all" ? "building the catalogue's images" : `building the images ${names.join(", ")}`,
    inputs: ["guest-image/catalogue", "guest-image/debian", ...prebuilt("images")],
    outputs: ["catalogue/index.json"],
    run: async () => run("guest-image/catalogue/build.ts", names),
  });
}

const pageSources = [
  "index.html",
  "drydock-preview.html",
  "web",
  "worker",
  "lessons",
  "embed",
  "vite.config.ts",
  "scripts/build/v86-trim.ts",
  "package-lock.json",
];

function vite(...options: readonly string[]): void {
  const { status } = spawnSync("node_modules/.bin/vite", ["build", "--logLevel", "warn", ...options], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) throw new Error("vite build failed");
}

/** The page on its development host, in build/site-fake. */
export async function buildFakeSite(): Promise<void> {
  await ensure({
    name: "site-fake",
    title: "building the page on its development host",
    inputs: pageSources,
    outputs: ["site-fake/index.html"],
    run: async () => vite("--mode", "fake"),
  });
}

/** The static site in dist/: the page, the machine, the userland's chunks, the images that are there. */
export async function buildSite(): Promise<void> {
  await buildMachine();
  await buildImages("prebuilt");
  await ensure({
    name: "site",
    title: "building the page",
    inputs: [...pageSources, "build/snapshot/manifest.json"],
    outputs: ["../dist/index.html"],
    run: async () => {
      vite("--outDir", "dist", "--emptyOutDir");
      const bytes = totalOf(firstPromptScripts(join(root, "dist")));
      process.stderr.write(`drydock: JavaScript for the first prompt: ${Math.round(bytes / 1024)} KB (gzip)\n`);
    },
  });
  for (const [from, to] of [
    ["snapshot", "machine"],
    ["userland", "userland"],
    ["catalogue", "catalogue"],
  ] as const)
    copy(join(buildDirectory, from), join(root, "dist", to));
  copyFileSync(join(root, "guest-image/prebuilt/disk.ext4.gz"), join(root, "dist/machine/disk.ext4.gz"));
}

/** Puts a folder's files at another place as hard links: the catalogue's images share layers, and are large. */
function copy(from: string, to: string): void {
  if (!existsSync(from)) return;
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copy(source, target);
    else if (!entry.name.endsWith(".erofs")) link(source, target);
  }
}

function link(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    // Another file system, or one without links.
    copyFileSync(source, target);
  }
}
