/**
 * Builds the machine: boots it cold, has it do what the engine will do often, and saves it warm, once for each size of
 * memory. Writes build/snapshot/manifest.json and the files it names.
 *
 *     tsx guest-image/snapshot/build.ts [--memory 512,192] [--out DIRECTORY]
 */

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compress, init as initCompressor } from "@bokuweb/zstd-wasm";
import { fileImage } from "../../worker/machine/file-image.node.ts";
import { memoryDiskFiles, SparseDisk } from "../../worker/storage/disk.ts";
import { loadBase } from "../../worker/storage/disk-base.ts";
import { encodePlain } from "../../worker/vm/plain-data.ts";
import type { MachineBuild, SnapshotManifest, SnapshotPart } from "../../worker/vm/snapshot.ts";
import { BUILD_MANIFEST } from "../../worker/vm/snapshot-parts.ts";
import { initramfs } from "../initramfs/pack.ts";
import { readSymbols } from "./free-memory.ts";
import { buildSnapshot } from "./snapshot.ts";

const COMMAND_LINE = "console=ttyS0 quiet mitigations=off tsc=reliable random.trust_cpu=on dummy.numdummies=0";
/** zstd's largest: its window spans the whole state, which is worth a seventh of the size. */
const COMPRESSION = 22;

const { values } = parseArgs({
  options: {
    memory: { type: "string", default: "512,192" },
    out: { type: "string", default: fileURLToPath(new URL("../../build/snapshot", import.meta.url)) },
  },
});
const sizes = values.memory
  .split(",")
  .map(Number)
  .sort((a, b) => b - a);
const directory = `${values.out}.new`;
rmSync(directory, { recursive: true, force: true });
mkdirSync(directory, { recursive: true });

const prebuilt = (name: string) => new Uint8Array(readFileSync(new URL(`../prebuilt/${name}`, import.meta.url)));
const emulator = new Uint8Array(readFileSync(new URL("../../node_modules/v86/build/v86.wasm", import.meta.url)));
const boot = {
  bios: prebuilt("bios.bin"),
  vgaBios: prebuilt("vgabios-stdvga.bin"),
  kernel: prebuilt("bzImage"),
  initramfs: await initramfs(),
  commandLine: COMMAND_LINE,
};
const base = await loadBase(prebuilt("disk.ext4.gz"));
const userland = fileImage(fileURLToPath(new URL("../../build/userland/userland.erofs", import.meta.url)));
const module = await WebAssembly.compile(emulator);
await initCompressor();

const snapshots: SnapshotManifest[] = [];
for (const memoryMegabytes of sizes) {
  const disk = new SparseDisk(base, memoryDiskFiles());
  const { state, code, ...saved } = await buildSnapshot({ emulator: module, memoryMegabytes, boot, disk, userland });
  snapshots.push({
    ...saved,
    kernel: readSymbols(),
    state: write(`state-${memoryMegabytes}`, "zst", compress(state, COMPRESSION)),
    code: write(`code-${memoryMegabytes}`, "wasm", code),
  });
}
const build: MachineBuild = {
  format: 1,
  emulator: write("v86", "wasm", emulator),
  boot: {
    bios: write("bios", "bin", boot.bios),
    vgaBios: write("vgabios", "bin", boot.vgaBios),
    kernel: write("kernel", "bin", boot.kernel),
    initramfs: write("initramfs", "bin", boot.initramfs),
    commandLine: COMMAND_LINE,
  },
  inputs: {},
  snapshots,
};
writeFileSync(join(directory, BUILD_MANIFEST), encodePlain(build));
rmSync(values.out, { recursive: true, force: true });
renameSync(directory, values.out);
for (const { memoryMegabytes, modules, pages, state, code } of snapshots) {
  const sizes = `state ${state.bytes} bytes (${pages} pages), code ${code.bytes} bytes (${modules} modules)`;
  process.stderr.write(`snapshot of ${memoryMegabytes} MB: ${sizes}\n`);
}
process.exit(0);

function write(name: string, extension: string, bytes: Uint8Array): SnapshotPart {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const file = `${name}-${sha256.slice(0, 12)}.${extension}`;
  writeFileSync(join(directory, file), bytes);
  return { file, bytes: bytes.length, sha256 };
}
