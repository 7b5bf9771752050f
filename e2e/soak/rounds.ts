import { AgentClient, type AgentState } from "../../worker/guest/agent-client.ts";
import { openCheckpoint, writeCheckpoint } from "../../worker/vm/checkpoint-file.ts";
import { restoreMachine, type SavedMachine, saveMachine } from "../../worker/vm/snapshot.ts";
import { bootRig, devicesOf, newDevices, partsOf, type Rig, reconnect, renew, restoreRig, rig } from "./rig.ts";
import { checkWork, startWork, workGoesOn } from "./work.ts";

export const WAYS = ["save", "rewind", "file"] as const;
export type Way = (typeof WAYS)[number];

/** A machine at work, and the ways to interrupt it. */
export class Soak {
  private current: Rig;
  /** The snapshot that the current machine stands on. */
  private base: SavedMachine;

  private constructor(current: Rig, base: SavedMachine) {
    this.current = current;
    this.base = base;
  }

  static async start(): Promise<Soak> {
    const booted = await bootRig();
    await startWork(booted.agent);
    await workGoesOn(booted.agent, { memory: 0, disk: 0, starts: 0, timers: 0, network: 0 });
    const base = await saveMachine(booted.machine, () => booted.agent.exportState());
    await booted.machine.destroy();
    return new Soak(await restoreRig(base, booted), base);
  }

  /** Interrupts the work after `milliseconds`, and sees it go on. */
  async round(way: Way, milliseconds: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    const before = await checkWork(this.current.agent);
    await this[way]();
    await workGoesOn(this.current.agent, before);
  }

  async stop(): Promise<void> {
    await this.current.machine.destroy();
  }

  private async save(): Promise<void> {
    const { machine, agent } = this.current;
    const saved = await saveMachine(machine, () => agent.exportState());
    await machine.destroy();
    this.current = await restoreRig(saved, this.current);
    this.base = saved;
  }

  private async rewind(): Promise<void> {
    const { checkpoints, machine, agent } = this.current;
    const checkpoint = await checkpoints.take();
    await workGoesOn(agent, await checkWork(agent));
    await checkpoints.rewind(checkpoint);
    if (machine.running) throw new Error("A machine that was rewound must wait for its clients");
    this.current = await reconnect(this.current, checkpoint.host);
    checkpoints.forget(checkpoint);
  }

  /** As a file, opened beside new, empty disks. */
  private async file(): Promise<void> {
    const { checkpoints, machine, disk } = this.current;
    const checkpoint = await checkpoints.take();
    const contents = { host: checkpoint.host, disk: disk.writtenBlocks(checkpoint.diskGeneration), blobs: [] };
    const opened = await openCheckpoint(await writeCheckpoint(machine, checkpoints, checkpoint, contents));
    await machine.destroy();
    const fresh = await newDevices();
    for (const { block, data } of opened.disk) fresh.disk.write(block * 65_536, data);
    const devices = devicesOf(fresh.disk, fresh.layers);
    const restored = await restoreMachine(await partsOf(this.base), devices, opened.overlay);
    const agent = AgentClient.fromState(restored.console, opened.header.host as AgentState);
    restored.run();
    await renew(agent, false);
    this.current = rig(restored, agent, fresh.disk, fresh.layers);
  }
}
