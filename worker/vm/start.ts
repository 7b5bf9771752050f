/**
 * A running machine from a build: restored from the largest snapshot that the host has memory for, or, where none fits,
 * booted cold, which takes seconds and says so.
 */

import { MachineError } from "./errors.ts";
import { Machine, type MachineOptions } from "./machine.ts";
import { restoreMachine, type SnapshotManifest } from "./snapshot.ts";
import { type BuildSource, openSnapshot, readBootFiles, readBuild } from "./snapshot-parts.ts";

export type MachineDevices = Omit<MachineOptions, "emulator" | "memoryMegabytes" | "boot">;

export type StartedMachine =
  | { readonly how: "restored"; readonly machine: Machine; readonly manifest: SnapshotManifest }
  | { readonly how: "booted"; readonly machine: Machine };

export interface StartOptions {
  readonly devices: MachineDevices;
  /** Snapshots with more memory are passed over, where the device says that it is small. */
  readonly memoryLimit?: number;
  /** Before a snapshot's memory is restored: puts its layers on their disk. Throws where it cannot. */
  readonly placeLayers?: (manifest: SnapshotManifest) => void | Promise<void>;
  /** Told why what was asked for was not done: a smaller memory, a cold boot. */
  readonly onFallback?: (message: string, cause: unknown) => void;
}

/** Makes the machine; it does not run yet. */
export async function startMachine(source: BuildSource, options: StartOptions): Promise<StartedMachine> {
  const { devices, memoryLimit = Number.POSITIVE_INFINITY, placeLayers, onFallback } = options;
  const build = await readBuild(source);
  const emulator = source.compile(build.emulator);
  const fitting = build.snapshots.filter(({ memoryMegabytes }) => memoryMegabytes <= memoryLimit);
  const candidates = fitting.length > 0 ? fitting : build.snapshots.slice(-1);
  for (const manifest of candidates) {
    try {
      await placeLayers?.(manifest);
      const machine = await restoreMachine(openSnapshot(source, emulator, manifest), devices);
      return { how: "restored", machine, manifest };
    } catch (error) {
      // What did not come is asked for again; a boot, which takes longer and downloads more, is for what does not fit.
      if (!(error instanceof MachineError) || error.kind === "download") throw error;
      if (error.kind !== "memory") {
        onFallback?.(`The saved machine could not be used and is booted anew: ${error.message}`, error);
        break;
      }
      onFallback?.(`There is not enough memory for a machine of ${manifest.memoryMegabytes} MB.`, error);
    }
  }
  const memoryMegabytes = candidates.at(-1)?.memoryMegabytes ?? 512;
  const boot = await readBootFiles(source, build);
  return {
    how: "booted",
    machine: await Machine.create({ ...devices, emulator: await emulator, memoryMegabytes, boot }),
  };
}
