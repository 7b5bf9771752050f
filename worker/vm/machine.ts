/**
 * The Linux machine: a v86 emulator, seen as a whole. It owns the clock that the guest sees, the pace at which the emulator
 * runs, the console wire to the agent, the network's cable, two IDE disks, and a record of the code that the emulator generates, without which it
 * could not be saved warm (see ./snapshot.ts).
 *
 * A machine is either running, paused, or lost. Lost is final: the emulator threw, and its state is not to be trusted.
 */

import { MachineClock } from "./clock.ts";
import { DeviceLink } from "./device-link.ts";
import { MachineError } from "./errors.ts";
import { GeneratedCode } from "./generated-code.ts";
import { type DiskFailure, IdeDisk, type SectorDevice } from "./ide-disk.ts";
import { createPacing, type Pacing } from "./pacing.ts";
import { SerialLog } from "./serial-log.ts";
import type { SnapshotManifest } from "./snapshot.ts";
import {
  V86,
  type V86Core,
  type V86Emulator,
  type V86Exports,
  type V86Imports,
  type V86Options,
} from "./v86-library.ts";

/** What a machine needs to start from nothing. A restored machine needs none of it. */
export interface BootFiles {
  readonly bios: Uint8Array;
  readonly vgaBios: Uint8Array;
  readonly kernel: Uint8Array;
  readonly initramfs: Uint8Array;
  readonly commandLine: string;
}

export type Handle9p = (request: Uint8Array, reply: (bytes: Uint8Array) => void) => void;

export interface MachineOptions {
  /** v86.wasm, compiled. */
  readonly emulator: WebAssembly.Module;
  readonly memoryMegabytes: number;
  readonly boot?: BootFiles;
  /** /dev/sda */
  readonly layerDisk: SectorDevice;
  /** /dev/sdb */
  readonly writableDisk: SectorDevice;
  readonly handle9p?: Handle9p;
  readonly onDiskFailure?: (failure: DiskFailure) => void;
  readonly onLost?: (error: MachineError, serialTail: string) => void;
}

/** `set_jit_config` indexes with their values: one guest page a module (index 1) makes modules small and restores quick. */
export const JIT_CONFIG: readonly (readonly [index: number, value: number])[] = [[1, 1]];

const CONSOLE_PORT = 1;
/** Receive queue of console port n (virtio 1.2, 5.3.2): 0 for port 0, then 4, 6, … */
const RECEIVE_QUEUE = CONSOLE_PORT * 2 + 2;
const NETWORK_RECEIVE_QUEUE = 0;
/** Milliseconds. */
const BACKGROUND_INTERVAL = 1000;
const QUIESCE_PATIENCE = 10_000;
/** How long the guest stands still for what is under way outside, a piece of a layer from far away for instance. */
const LONGEST_PAUSE = 1000;
const ANNOUNCE_CONSOLE = 4;
const VGA_MEMORY = 2 << 20;

/** Addresses that the emulator has allocated; a snapshot fits only a machine with the same. */
export interface MemoryLayout {
  readonly main: number;
  readonly vga: number;
}

export class Machine {
  /** The agent's wire. */
  readonly console: DeviceLink;
  /** The network card's cable, an Ethernet frame at a time. */
  readonly network: DeviceLink;
  readonly serial = new SerialLog();
  readonly clock: MachineClock;
  readonly code: GeneratedCode;
  readonly options: MachineOptions;
  /** The snapshot that the machine was restored from, with the hashes of its pages: an export holds what differs. */
  baseline: { readonly manifest: SnapshotManifest; readonly hashes: ReadonlyMap<number, number> } | undefined;
  private readonly emulator: V86Emulator;
  private readonly core: V86Core;
  private readonly exports: V86Exports;
  private readonly pacing: Pacing;
  private readonly disks: readonly IdeDisk[];
  private readonly layoutFound: { main?: number; vga?: number };
  /** While nobody looks: an idle guest is woken for its timers once a second, and for input at once. A busy one runs on. */
  inBackground = false;
  private lost: MachineError | undefined;
  private busy = 0;

  /** Makes a machine that does not run yet. Fails with {@link MachineError} "memory" where the host has too little. */
  static async create(options: MachineOptions): Promise<Machine> {
    const clock = new MachineClock();
    const code = new GeneratedCode();
    const layout: { main?: number; vga?: number } = {};
    const report = (failure: DiskFailure) => options.onDiskFailure?.(failure);
    const disks = [
      new IdeDisk("sda", options.layerDisk, report),
      new IdeDisk("sdb", options.writableDisk, report),
    ] as const;

    const made = await new Promise<{ emulator: V86Emulator; exports: V86Exports }>((resolve, reject) => {
      let exports: V86Exports | undefined;
      const emulator: V86Emulator = new V86({
        ...v86Options(options, disks),
        wasm_fn: async ({ env }) => {
          try {
            exports = await instantiate(options.emulator, env, clock, code, layout);
            return replaceScheduling(exports, () => guardInit(emulator.v86, reject));
          } catch (error) {
            reject(error);
            return new Promise<never>(() => {});
          }
        },
      });
      emulator.add_listener("emulator-loaded", () => {
        if (exports !== undefined) resolve({ emulator, exports });
      });
    });
    return new Machine(options, made.emulator, made.exports, clock, code, layout, disks);
  }

  private constructor(
    options: MachineOptions,
    emulator: V86Emulator,
    exports: V86Exports,
    clock: MachineClock,
    code: GeneratedCode,
    layout: { main?: number; vga?: number },
    disks: readonly [IdeDisk, IdeDisk],
  ) {
    this.options = options;
    this.emulator = emulator;
    this.exports = exports;
    this.clock = clock;
    this.code = code;
    this.layoutFound = layout;
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
    keepPortsPlain(this.core);
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

  get layout(): MemoryLayout {
    return { main: this.layoutFound.main ?? 0, vga: this.layoutFound.vga ?? 0 };
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

function v86Options(options: MachineOptions, disks: readonly [IdeDisk, IdeDisk]): Omit<V86Options, "wasm_fn"> {
  const { boot, handle9p } = options;
  return {
    memory_size: options.memoryMegabytes << 20,
    vga_memory_size: VGA_MEMORY,
    autostart: false,
    disable_keyboard: true,
    disable_mouse: true,
    disable_speaker: true,
    virtio_console: true,
    net_device: { type: "virtio" },
    // The device is there with and without a server, so that one snapshot fits both.
    filesystem: { handle9p: handle9p ?? (() => {}) },
    hda: disks[0],
    hdb: disks[1],
    ...(boot && {
      bios: { buffer: ownBuffer(boot.bios) },
      vga_bios: { buffer: ownBuffer(boot.vgaBios) },
      bzimage: { buffer: ownBuffer(boot.kernel) },
      initrd: { buffer: ownBuffer(boot.initramfs) },
      cmdline: boot.commandLine,
    }),
  };
}

function ownBuffer(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer;
}

async function instantiate(
  module: WebAssembly.Module,
  env: V86Imports,
  clock: MachineClock,
  code: GeneratedCode,
  layout: { main?: number; vga?: number },
): Promise<V86Exports> {
  let raw: V86Exports | undefined;
  const imports = {
    ...env,
    microtick: () => clock.now(),
    codegen_finalize: (index: number, start: number, flags: number, pointer: number, length: number) => {
      if (raw !== undefined)
        code.generated(index, new Uint8Array(raw.memory.buffer, pointer >>> 0, length >>> 0).slice());
      env.codegen_finalize(index, start, flags, pointer, length);
    },
    jit_clear_func: (index: number) => {
      code.dropped(index);
      env.jit_clear_func(index);
    },
    jit_clear_all_funcs: () => {
      code.droppedAll();
      env.jit_clear_all_funcs();
    },
  };
  const instance = await WebAssembly.instantiate(module, { env: imports as unknown as WebAssembly.ModuleImports });
  raw = instance.exports as unknown as V86Exports;
  const exports = raw;
  for (const [index, value] of JIT_CONFIG) exports.set_jit_config(index, value);
  code.attach(env.__indirect_function_table, exports);
  return {
    ...exports,
    main_loop: () => clock.during(() => exports.main_loop()),
    codegen_finalize_finished: (index, start, flags) => {
      exports.codegen_finalize_finished(index, start, flags);
      code.finished();
    },
    allocate_memory: (size) => {
      layout.main = allocated(exports.allocate_memory(size));
      return layout.main;
    },
    svga_allocate_memory: (size) => {
      layout.vga = allocated(exports.svga_allocate_memory(size));
      return layout.vga;
    },
  };
}

/** The emulator's allocator answers 0 where the host gives no more. */
function allocated(address: number): number {
  if (address === 0) throw new RangeError("The emulator's memory could not be allocated");
  return address;
}

/**
 * v86 calls `rust_init` right before it makes its core, whose constructor starts a nested Worker that only keeps time.
 * Machines have a pacing of their own, so none is started. `made` runs once the core is there, before it is initialised.
 */
function replaceScheduling(exports: V86Exports, made: () => void): V86Exports {
  return {
    ...exports,
    rust_init: () => {
      exports.rust_init();
      const scope = globalThis as { Worker?: unknown };
      const worker = scope.Worker;
      if (worker !== undefined) {
        scope.Worker = class {
          terminate() {}
        };
      }
      queueMicrotask(() => {
        if (worker !== undefined) scope.Worker = worker;
        made();
      });
    },
  };
}

/**
 * v86 announces each port of its virtio console as a console (VIRTIO_CONSOLE_CONSOLE_PORT, virtio 1.2, 5.3.6.2), which Linux
 * then serves as a terminal, 16 bytes at a time. The agent's port is to be a plain one.
 */
function keepPortsPlain(core: V86Core): void {
  const device = core.cpu.devices.virtio_console;
  const send = device.SendEvent;
  device.SendEvent = (port, event, value) => {
    if (event === ANNOUNCE_CONSOLE && port > 0) return;
    send.call(device, port, event, value);
  };
}

/** The emulator initialises itself out of anyone's reach, where an exception would go unseen: memory is allocated there. */
function guardInit(core: V86Core, fail: (error: MachineError) => void): void {
  const init = core.init.bind(core);
  core.init = (settings) => {
    try {
      init(settings);
    } catch (error) {
      fail(new MachineError("memory", "There is not enough memory for the machine.", { cause: error }));
    }
  };
}
