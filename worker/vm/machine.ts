/**
 * The Linux machine: a v86 emulator, seen as a whole. It owns the clock that the guest sees, the pace at which the emulator
 * runs, the console wire to the agent, the network's cable, two IDE disks, and a record of the code that the emulator generates, without which it
 * could not be saved warm (see ./snapshot.ts).
 *
 * A machine is either running, paused, or lost. Lost is final: the emulator threw, and its state is not to be trusted.
 */

import { MachineClock } from "./clock.ts";
import { DeviceLink } from "./device-link.ts";
import { createEmulator, type EmulatorOptions, type Made, type MemoryLayout } from "./emulator.ts";
import { MachineError } from "./errors.ts";
import { GeneratedCode } from "./generated-code.ts";
import { type DiskFailure, IdeDisk, type SectorDevice } from "./ide-disk.ts";
import { createPacing, type Pacing } from "./pacing.ts";
import { SerialLog } from "./serial-log.ts";
import type { SnapshotManifest } from "./snapshot.ts";
import type { V86Core, V86Emulator, V86Exports } from "./v86-library.ts";

export interface MachineOptions extends EmulatorOptions {
  /** /dev/sda */
  readonly layerDisk: SectorDevice;
  /** /dev/sdb */
  readonly writableDisk: SectorDevice;
  readonly onDiskFailure?: (failure: DiskFailure) => void;
  readonly onLost?: (error: MachineError, serialTail: string) => void;
}

const CONSOLE_PORT = 1;
/** Receive queue of console port n (virtio 1.2, 5.3.2): 0 for port 0, then 4, 6, … */
const RECEIVE_QUEUE = CONSOLE_PORT * 2 + 2;
const NETWORK_RECEIVE_QUEUE = 0;
/** Milliseconds. */
const BACKGROUND_INTERVAL = 1000;
const QUIESCE_PATIENCE = 10_000;
/** How long the guest stands still for what is under way outside, a piece of a layer from far away for instance. */
const LONGEST_PAUSE = 1000;

export class Machine {
  /** The agent's wire. */
  readonly console: DeviceLink;
  /** The network card's cable, an Ethernet frame at a time. */
  readonly network: DeviceLink;
  readonly serial = new SerialLog();
  readonly clock: MachineClock;
  readonly code: GeneratedCode;
  readonly options: MachineOptions;
  readonly layout: MemoryLayout;
  /** The snapshot that the machine was restored from, with the hashes of its pages: an export holds what differs. */
  baseline: { readonly manifest: SnapshotManifest; readonly hashes: ReadonlyMap<number, number> } | undefined;
  private readonly emulator: V86Emulator;
  private readonly core: V86Core;
  private readonly exports: V86Exports;
  private readonly pacing: Pacing;
  private readonly disks: readonly IdeDisk[];
  /** While nobody looks: an idle guest is woken for its timers once a second, and for input at once. A busy one runs on. */
  inBackground = false;
  private lost: MachineError | undefined;
  private busy = 0;

  /** Makes a machine that does not run yet. Fails with {@link MachineError} "memory" where the host has too little. */
  static async create(options: MachineOptions): Promise<Machine> {
    const clock = new MachineClock();
    const code = new GeneratedCode();
    const report = (failure: DiskFailure) => options.onDiskFailure?.(failure);
    const disks = [
      new IdeDisk("sda", options.layerDisk, report),
      new IdeDisk("sdb", options.writableDisk, report),
    ] as const;
    return new Machine(options, await createEmulator(options, disks, clock, code), clock, code, disks);
  }

  private constructor(
    options: MachineOptions,
    { emulator, exports, layout }: Made,
    clock: MachineClock,
    code: GeneratedCode,
    disks: readonly [IdeDisk, IdeDisk],
  ) {
    this.options = options;
    this.emulator = emulator;
    this.exports = exports;
    this.clock = clock;
    this.code = code;
    this.layout = layout;
    this.core = emulator.v86;
    this.disks = disks;
    this.pacing = createPacing();

    const { primary } = this.core.cpu.devices.ide;
    disks[0].insertedIn(primary, primary.master);
    disks[1].insertedIn(primary, primary.slave);

    this.console = new DeviceLink({
      ready: () => {
        if (this.lost !== undefined) return false;
        const queue = this.core.cpu.devices.virtio_console.virtio.queues[RECEIVE_QUEUE];
        return queue !== undefined && queue.is_configured() !== 0 && queue.has_request();
      },
      write: (bytes) => emulator.bus.send(`virtio-console${CONSOLE_PORT}-input-bytes`, bytes),
    });
    emulator.add_listener(`virtio-console${CONSOLE_PORT}-output-bytes`, (bytes: Uint8Array) =>
      this.console.receive(bytes),
    );
    this.network = new DeviceLink({
      ready: () => {
        if (this.lost !== undefined) return false;
        const queue = this.core.cpu.devices.virtio_net.virtio.queues[NETWORK_RECEIVE_QUEUE];
        return queue !== undefined && queue.is_configured() !== 0 && queue.has_request();
      },
      write: (frame) => emulator.bus.send("net0-receive", frame),
    });
    emulator.add_listener("net0-send", (frame: Uint8Array) => this.network.receive(frame));
    emulator.add_listener("serial0-output-byte", (byte: number) => this.serial.push(byte));

    // Memory is saved as a whole, the emulator's own included: its state carries the devices alone.
    this.core.cpu.pack_memory = () => ({
      packed_memory: new Uint8Array(),
      bitmap: { get_buffer: () => new ArrayBuffer() },
    });
    this.core.cpu.unpack_memory = () => {};
    this.core.unregister_yield();
    this.core.yield = (milliseconds, tick) => {
      const idle = milliseconds > 0;
      const wait = idle && this.inBackground ? Math.max(milliseconds, BACKGROUND_INTERVAL) : milliseconds;
      this.pacing.schedule(wait, () => this.turn(tick));
    };
  }

  get running(): boolean {
    return this.core.running && this.lost === undefined;
  }

  /** Milliseconds that the emulator has kept its thread busy since the machine was made. */
  get busyMilliseconds(): number {
    return this.busy;
  }

  get memory(): WebAssembly.Memory {
    return this.exports.memory;
  }

  run(): void {
    this.throwIfLost();
    void this.emulator.run();
  }

  /** Pauses; the guest notices nothing but a jump of the clock. */
  async stop(): Promise<void> {
    if (!this.core.running || this.lost !== undefined) return;
    const stopped = this.emulator.stop();
    // Without it an idle emulator stops only when its next timer is due.
    this.core.next_tick(0);
    await stopped;
  }

  /**
   * Pauses at an instant at which nothing is under way between guest and host but what the guest itself remembers. Where none comes
   * within `patience` milliseconds it fails, and the guest goes on.
   */
  async quiesce(patience = QUIESCE_PATIENCE): Promise<void> {
    const deadline = performance.now() + patience;
    for (;;) {
      this.throwIfLost();
      await this.stop();
      const settled = await within(LONGEST_PAUSE, [this.code.settled(), ...this.disks.map((disk) => disk.idle())]);
      const asks = this.core.cpu.devices.virtio_9p?.tag_bufchain.size ?? 0;
      if (settled && asks === 0) return;
      // What is asked for is being answered: the guest may go on until it is.
      this.run();
      if (performance.now() > deadline) {
        const what = settled ? "a 9p request" : "a disk or the code generator";
        throw new Error(`The machine does not come to rest: ${what} has no answer`);
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** State of the devices that live in JavaScript. Only while paused. */
  saveDevices(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.clock.during(() => this.core.save_state()));
  }

  /** Clears the emulator's table of generated code and writes into its memory: memory and code come after. */
  restoreDevices(state: Uint8Array): void {
    this.clock.during(() => this.core.restore_state(state.slice().buffer));
  }

  /** The guest's physical memory. Whoever writes there says so with {@link forgetCode}. */
  guestMemory(): Uint8Array {
    return new Uint8Array(this.memory.buffer, this.layout.main, this.options.memoryMegabytes << 20);
  }

  /** Drops generated code of the guest's memory from `start` to `end` (physical addresses), as a write there does. */
  forgetCode(start: number, end: number): void {
    this.exports.jit_dirty_cache(start, end);
  }

  /** Drops all generated code. What runs hot from here on is generated again, and only that. */
  forgetAllCode(): void {
    this.exports.jit_clear_cache_js();
  }

  /** Ends the machine and frees what it holds. */
  async destroy(): Promise<void> {
    await this.stop();
    this.pacing.close();
    if (this.lost === undefined) await this.emulator.destroy();
  }

  private throwIfLost(): void {
    if (this.lost !== undefined) throw this.lost;
  }

  private turn(tick: number): void {
    if (this.lost !== undefined) return;
    const start = performance.now();
    try {
      this.core.yield_callback(tick);
      this.console.flush();
      this.network.flush();
    } catch (error) {
      this.lost = new MachineError("lost", "The machine stopped: its emulator failed.", { cause: error });
      this.pacing.close();
      this.options.onLost?.(this.lost, this.serial.tail());
    }
    this.busy += performance.now() - start;
  }
}

/** Whether all of it happens within that many milliseconds. */
async function within(milliseconds: number, work: readonly Promise<unknown>[]): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const done = await Promise.race([Promise.all(work).then(() => true), late]);
  clearTimeout(timer);
  return done;
}
