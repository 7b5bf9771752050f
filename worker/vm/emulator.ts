/** Makes the v86 emulator that a machine runs on: what it is given of the host, and what of its ways is replaced. */
import type { MachineClock } from "./clock.ts";
import { MachineError } from "./errors.ts";
import type { GeneratedCode } from "./generated-code.ts";
import type { IdeDisk } from "./ide-disk.ts";
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

/** `set_jit_config` indexes with their values: one guest page a module (index 1) makes modules small and restores quick. */
export const JIT_CONFIG: readonly (readonly [index: number, value: number])[] = [[1, 1]];

const VGA_MEMORY = 2 << 20;
const ANNOUNCE_CONSOLE = 4;

/** Addresses that the emulator has allocated; a snapshot fits only a machine with the same. */
export interface MemoryLayout {
  readonly main: number;
  readonly vga: number;
}

/** What an emulator is given of its host. */
export interface EmulatorOptions {
  /** v86.wasm, compiled. */
  readonly emulator: WebAssembly.Module;
  readonly memoryMegabytes: number;
  readonly boot?: BootFiles;
  readonly handle9p?: Handle9p;
}

/** What a machine knows of its emulator from its making on. */
export interface Made {
  readonly emulator: V86Emulator;
  readonly exports: V86Exports;
  readonly layout: MemoryLayout;
}

/** Its time comes from `clock`, and `code` hears of all that it generates. Fails with {@link MachineError} "memory" where the host has too little. */
export async function createEmulator(
  options: EmulatorOptions,
  disks: readonly [IdeDisk, IdeDisk],
  clock: MachineClock,
  code: GeneratedCode,
): Promise<Made> {
  const layout = { main: 0, vga: 0 };
  const made = await new Promise<Omit<Made, "layout">>((resolve, reject) => {
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
  keepPortsPlain(made.emulator.v86);
  return { ...made, layout };
}

function v86Options(options: EmulatorOptions, disks: readonly [IdeDisk, IdeDisk]): Omit<V86Options, "wasm_fn"> {
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
  layout: { main: number; vga: number },
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
