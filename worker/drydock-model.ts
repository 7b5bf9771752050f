/** What a Drydock is made of, and what it is once it runs. */
import type { ApiTransport } from "./api/transport.ts";
import type { Engine } from "./assembly.ts";
import type { MachineLife } from "./checkpoints/lasting-guest.ts";
import type { Resumed, StartSource } from "./checkpoints/resume.ts";
import type { CheckpointService } from "./checkpoints/service.ts";
import type { Stores } from "./checkpoints/stores.ts";
import type { CliInvocation } from "./cli/invocation.ts";
import type { EngineEvent } from "./engine/domains.ts";
import type { Guest } from "./engine/ports/guest.ts";
import type { BlockImage, Clock, Fetch, Randomness } from "./engine/ports/host.ts";
import type { Terminals } from "./host/terminals.ts";
import type { HostState } from "./machine/host-state.ts";
import type { Surroundings } from "./network/outside.ts";
import type { Hasher } from "./storage/blobs.ts";
import type { DiskBase } from "./storage/disk.ts";
import type { ByteFiles } from "./storage/files.ts";
import type { Machine } from "./vm/machine.ts";
import type { BuildSource } from "./vm/snapshot-parts.ts";
import type { FileTree } from "./workspace/index.ts";

export interface DrydockParts {
  /** The machine's build: snapshots and what a cold boot needs. */
  readonly build: BuildSource;
  readonly userland: BlockImage;
  readonly files: ByteFiles;
  readonly diskBase: DiskBase;
  readonly hasher?: () => Hasher;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly fetch: Fetch;
  readonly catalogue: string;
  /** What the machine's network leads to. */
  readonly surroundings: Surroundings;
  /** Megabytes; snapshots of more memory are passed over. */
  readonly memoryLimit?: number;
  /** Instead of the shipped snapshot. */
  readonly from?: StartSource;
  /** Bytes of memory for checkpoints. */
  readonly checkpointMemory?: number;
  /** What a person should know: a fallback, a layer that could not be read. */
  readonly onNotice: (message: string) => void;
  /** The machine is gone; nothing of it can be used any more. */
  readonly onLost: (message: string) => void;
  /** After {@link Drydock.close}. */
  readonly onClosed?: () => void;
}

/** A machine whose guest answers, with its disk and its workspace mounted: enough for a shell. */
export interface OpenMachine {
  /** Stays the same when the machine is put back to a checkpoint; what was opened with it before then fails. */
  readonly guest: Guest;
  readonly machine: Machine;
  readonly workspace: FileTree;
  readonly terminals: Terminals;
  readonly origin: "snapshot" | "checkpoint" | "boot";
  /** Puts the engine on top. */
  startEngine(): Promise<Drydock>;
}

export interface Drydock
  extends Omit<OpenMachine, "startEngine">,
    Pick<Engine, "containers" | "images" | "networks" | "idle"> {
  /** Lasts over returns to checkpoints: requests of before fail then. */
  readonly api: ApiTransport;
  readonly events: { subscribe(listener: (event: EngineEvent) => void): { dispose(): void } };
  readonly checkpoints: CheckpointService;
  /** Runs one `docker` command line. */
  docker(invocation: CliInvocation): Promise<number>;
  /** Ends the machine, with everything written. */
  close(): Promise<void>;
}

/** What the engine stands on, through all its lives. */
export interface LivingMachine extends Omit<OpenMachine, "startEngine"> {
  readonly parts: DrydockParts;
  readonly stores: Stores;
  /** The present one. */
  life: MachineLife;
  /** Of the snapshot that the machine came from. */
  readonly saved: HostState | undefined;
  /** The checkpoint that the machine came from. */
  readonly resumed: Pick<Resumed, "instant" | "stored"> | undefined;
}
