/** Drydock in Node: the machine from the build, its storage in a directory, its network the host's. */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import type { StartSource } from "./checkpoints/resume.ts";
import { openDrydock as open } from "./drydock.ts";
import type { Drydock } from "./drydock-model.ts";
import type { Fetch } from "./engine/ports/host.ts";
import { fileImage } from "./machine/file-image.node.ts";
import { hostResolver, hostUplink } from "./network/node-uplink.node.ts";
import type { Surroundings } from "./network/outside.ts";
import { buildPath, catalogueBase, nodeClock, repository, repositoryFetch } from "./node-platform.node.ts";
import { loadBase } from "./storage/disk-base.ts";
import { MemoryFiles } from "./storage/memory-files.ts";
import { NodeFiles } from "./storage/node-files.node.ts";
import { directorySource } from "./vm/snapshot-files.node.ts";

export type { Drydock } from "./drydock-model.ts";

export interface NodeOptions {
  /** Directory that keeps the playground; undefined keeps it in memory. */
  readonly state?: string | undefined;
  /** Without it containers reach what the host reaches, unless DRYDOCK_OFFLINE is set. */
  readonly offline?: boolean;
  /** Instead of the host's: what a tab has, for instance. */
  readonly network?: Surroundings;
  /** Instead of the host's, for registries, remote contexts and the catalogue. */
  readonly fetch?: Fetch;
  /** A checkpoint to start from: one that this playground stores, or the content of a file. */
  readonly from?: StartSource;
  /** Bytes of memory for checkpoints. */
  readonly checkpointMemory?: number;
  /** Messages that a person should see. */
  readonly onMessage?: (message: string) => void;
}

export async function openDrydock(options: NodeOptions = {}): Promise<Drydock> {
  const { state } = options;
  const say = options.onMessage ?? ((message) => void process.stderr.write(`drydock: ${message}\n`));
  const release = state === undefined ? () => undefined : lock(state);
  const base = await readFile(join(repository, "guest-image/prebuilt/disk.ext4.gz"));
  compileOnce();
  const opening = open({
    build: directorySource(buildPath("snapshot")),
    userland: fileImage(buildPath("userland/userland.erofs")),
    files: state === undefined ? new MemoryFiles() : new NodeFiles(join(state, "store")),
    diskBase: await loadBase(new Uint8Array(base)),
    hasher: () => createHash("sha256"),
    clock: nodeClock,
    randomness: { bytes: (count) => randomBytes(count) },
    fetch: options.fetch ?? repositoryFetch,
    catalogue: catalogueBase,
    surroundings:
      options.network ??
      ((options.offline ?? isSet(process.env.DRYDOCK_OFFLINE))
        ? { kind: "offline" }
        : { kind: "host", uplink: hostUplink, resolver: hostResolver, fetch: repositoryFetch }),
    ...(options.from === undefined ? {} : { from: options.from }),
    ...(options.checkpointMemory === undefined ? {} : { checkpointMemory: options.checkpointMemory }),
    onNotice: say,
    onLost: say,
    onClosed: release,
  });
  return await opening.catch((error: unknown) => {
    release();
    throw error;
  });
}

/**
 * V8 would compile the machine's large functions a second time as they grow hot, and on two cores that slows the first ten seconds down
 * five times: its baseline compiler's code is there at once, and stays. The flags must be set before the first module is compiled, or its
 * code goes on counting. All functions are compiled on other threads while the machine's memory is unpacked, not each at its first call.
 */
function compileOnce(): void {
  for (const flag of ["--no-wasm-tier-up", "--no-wasm-dynamic-tiering", "--no-wasm-lazy-compilation"])
    setFlagsFromString(flag);
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== "" && value !== "0";

/** One process at a time writes a playground. */
function lock(directory: string): () => void {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, "lock");
  const holder = existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
  if (holder !== undefined && isAlive(holder))
    throw new Error(`${directory} is in use by process ${holder}: end it, or name another folder in DRYDOCK_STATE`);
  writeFileSync(file, String(process.pid));
  return () => rmSync(file, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch {
    return false;
  }
}
