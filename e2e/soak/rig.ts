/** A machine with the agent's client, booted or restored, for tests of saving and restoring. */
import { readFileSync } from "node:fs";
import { initramfs } from "../../guest-image/initramfs/pack.ts";
import { AgentClient, type AgentState } from "../../worker/guest/agent-client.ts";
import { type DiskBase, memoryDiskFiles, SparseDisk } from "../../worker/storage/disk.ts";
import { loadBase } from "../../worker/storage/disk-base.ts";
import { Checkpoints } from "../../worker/vm/checkpoint.ts";
import type { DiskFailure } from "../../worker/vm/ide-disk.ts";
import { LayerDiskDevice } from "../../worker/vm/layer-disk-device.ts";
import { Machine } from "../../worker/vm/machine.ts";
import { restoreMachine, type SavedMachine, type SnapshotParts } from "../../worker/vm/snapshot.ts";
import type { MachineDevices } from "../../worker/vm/start.ts";
import { installUserland } from "../guest/userland.ts";

const prebuilt = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../guest-image/prebuilt/${name}`, import.meta.url)));
const emulatorFile = new URL("../../node_modules/v86/build/v86.wasm", import.meta.url);
export const emulator = WebAssembly.compile(new Uint8Array(readFileSync(emulatorFile)));

/** Where busybox' commands are in the machine. */
export const USERLAND = "/u";

export interface Rig {
  readonly machine: Machine;
  readonly agent: AgentClient;
  readonly disk: SparseDisk;
  readonly layers: LayerDiskDevice;
  readonly checkpoints: Checkpoints;
}

export interface RigDevices {
  readonly disk: SparseDisk;
  readonly layers: LayerDiskDevice;
  readonly onDiskFailure?: (failure: DiskFailure) => void;
}

export async function bootRig(memoryMegabytes = 192, given?: RigDevices): Promise<Rig> {
  const { disk, layers } = given ?? (await newDevices());
  const report = given?.onDiskFailure;
  const devices = { ...devicesOf(disk, layers), ...(report === undefined ? {} : { onDiskFailure: report }) };
  const boot = {
    bios: prebuilt("bios.bin"),
    vgaBios: prebuilt("vgabios-stdvga.bin"),
    kernel: prebuilt("bzImage"),
    initramfs: await initramfs(),
    commandLine: "console=ttyS0 quiet mitigations=off tsc=reliable random.trust_cpu=on",
  };
  const machine = await Machine.create({ ...devices, emulator: await emulator, memoryMegabytes, boot });
  machine.run();
  await machine.serial.waitFor(/^BOOT-OK/m, { signal: AbortSignal.timeout(120_000) });
  const agent = new AgentClient(machine.console);
  await renew(agent, true);
  await installUserland(agent, USERLAND);
  return rig(machine, agent, disk, layers);
}

/** Continues a saved machine in a new emulator, on the same disks. */
export async function restoreRig(saved: SavedMachine, before: Pick<Rig, "disk" | "layers">): Promise<Rig> {
  const { disk, layers } = before;
  const machine = await restoreMachine(await partsOf(saved), devicesOf(disk, layers));
  const agent = AgentClient.fromState(machine.console, saved.host as AgentState);
  machine.run();
  await renew(agent, false);
  return rig(machine, agent, disk, layers);
}

/** A client for a machine that was put back in place. */
export async function reconnect(before: Rig, host: unknown): Promise<Rig> {
  before.agent.dispose("the machine was rewound");
  const agent = AgentClient.fromState(before.machine.console, host as AgentState);
  const after = { ...before, agent };
  agents.set(before.machine, agent);
  before.machine.run();
  await renew(agent, false);
  return after;
}

export async function partsOf(saved: SavedMachine): Promise<SnapshotParts> {
  const part = (name: string) => ({ file: name, bytes: 0, sha256: name });
  const { state, code, ...rest } = saved;
  const manifest = { ...rest, layers: [], partitions: {}, state: part("state"), code: part("code") };
  const module = WebAssembly.compile(code);
  return {
    manifest,
    emulator,
    state: (async function* () {
      const piece = 1_000_003;
      for (let at = 0; at < state.length; at += piece) yield state.subarray(at, at + piece);
    })(),
    code: module,
    codeBytes: async () => code,
  };
}

export function devicesOf(disk: SparseDisk, layers: LayerDiskDevice): MachineDevices {
  return {
    layerDisk: layers,
    writableDisk: disk,
    onLost: (error) => {
      throw error;
    },
  };
}

export async function newDevices() {
  const disk = new SparseDisk(await diskBase(), memoryDiskFiles());
  const layers = new LayerDiskDevice();
  return { disk, layers, devices: devicesOf(disk, layers) };
}

export function diskBase(): Promise<DiskBase> {
  return loadBase(prebuilt("disk.ext4.gz"));
}

/** The client of a machine can change by a rewind; a checkpoint asks the one of the moment. */
const agents = new WeakMap<Machine, AgentClient>();

export function rig(machine: Machine, agent: AgentClient, disk: SparseDisk, layers: LayerDiskDevice): Rig {
  agents.set(machine, agent);
  const checkpoints = new Checkpoints(machine, {
    disk,
    layers: () => layers.layers(),
    captureHost: () => agents.get(machine)?.exportState(),
  });
  return { machine, agent, disk, layers, checkpoints };
}

export function renew(agent: AgentClient, fresh: boolean): Promise<void> {
  return agent.renew({ now: Date.now(), entropy: crypto.getRandomValues(new Uint8Array(32)) }, { fresh });
}

/** Runs a shell script in the machine and answers what it printed. */
export async function shell(agent: AgentClient, script: string): Promise<string> {
  const { stdout, exit } = await agent.spawn({
    args: [`${USERLAND}/bin/sh`, "-c", script],
    env: [`PATH=${USERLAND}/bin`],
    cwd: "/",
    user: "",
    stdio: { kind: "pipes", stdin: false },
  });
  const text = await new Response(stdout as ReadableStream<BufferSource>).text();
  await exit;
  return text;
}
