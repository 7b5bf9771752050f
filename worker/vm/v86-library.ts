/**
 * What we use of v86, typed: its published types cover neither the emulator's inside nor objects as disks. The version is
 * pinned in package.json because these names are not v86's public interface.
 */

import "./v86-clock.ts";
// @ts-expect-error The library's types describe the package's entry, not this file.
import { V86 as Library } from "v86/build/libv86.mjs";
import { giveClockBack } from "./clock.ts";

giveClockBack();

/** A disk as v86's IDE interface calls it. Offsets and lengths are bytes, multiples of 512. */
export interface V86Disk {
  readonly byteLength: number;
  onload?: ((event: object) => void) | undefined;
  load(): void;
  get(
    offset: number,
    length: number,
    done: (data: Uint8Array) => void,
    options?: { readonly signal?: AbortSignal },
  ): void;
  set(offset: number, data: Uint8Array, done: () => void): void;
  get_and_cache(offset: number, length: number, done: () => void): void;
  get_from_cache(offset: number, length: number): Uint8Array | undefined;
  get_state(): unknown[];
  set_state(state: unknown[]): void;
}

export interface V86Options {
  readonly memory_size: number;
  readonly vga_memory_size: number;
  readonly autostart: false;
  readonly disable_keyboard: true;
  readonly disable_mouse: true;
  readonly disable_speaker: true;
  readonly virtio_console: true;
  readonly net_device: { readonly type: "virtio" };
  readonly filesystem?: { handle9p(request: Uint8Array, reply: (bytes: Uint8Array) => void): void };
  readonly hda: V86Disk;
  readonly hdb: V86Disk;
  readonly bios?: { readonly buffer: ArrayBuffer };
  readonly vga_bios?: { readonly buffer: ArrayBuffer };
  readonly bzimage?: { readonly buffer: ArrayBuffer };
  readonly initrd?: { readonly buffer: ArrayBuffer };
  readonly cmdline?: string;
  wasm_fn(imports: { readonly env: V86Imports }): Promise<V86Exports>;
}

/** The functions that v86.wasm imports; ours are put in front of some of them. */
export interface V86Imports {
  readonly __indirect_function_table: WebAssembly.Table;
  microtick(): number;
  codegen_finalize(index: number, start: number, stateFlags: number, pointer: number, length: number): void;
  jit_clear_func(index: number): void;
  jit_clear_all_funcs(): void;
}

export interface V86Exports {
  readonly memory: WebAssembly.Memory;
  rust_init(): void;
  main_loop(): number;
  codegen_finalize_finished(index: number, start: number, stateFlags: number): void;
  allocate_memory(size: number): number;
  svga_allocate_memory(size: number): number;
  jit_clear_cache_js(): void;
  jit_dirty_cache(start: number, end: number): void;
  set_jit_config(index: number, value: number): void;
  get_jit_config(index: number): number;
}

export interface V86IdeInterface {
  status_reg: number;
  error_reg: number;
  current_command: number;
  readonly in_progress_io_ids: Map<number, AbortController>;
  push_irq(): void;
}

export interface V86IdeChannel {
  readonly master: V86IdeInterface;
  readonly slave: V86IdeInterface;
  dma_status: number;
}

export interface V86Virtqueue {
  has_request(): boolean;
  /** Truthy: the address of its descriptors. */
  is_configured(): number;
}

/** Guest memory as v86's state carries it. */
export interface PackedMemory {
  readonly packed_memory: Uint8Array;
  readonly bitmap: { get_buffer(): ArrayBuffer };
}

/** The emulator's inside, which exists once "emulator-ready" was sent. */
export interface V86Core {
  running: boolean;
  readonly cpu: {
    pack_memory(): PackedMemory;
    unpack_memory(): void;
    readonly devices: {
      readonly ide: { readonly primary: V86IdeChannel };
      readonly virtio_console: {
        readonly virtio: { readonly queues: readonly V86Virtqueue[] };
        SendEvent(port: number, event: number, value: number): void;
      };
      readonly virtio_net: { readonly virtio: { readonly queues: readonly V86Virtqueue[] } };
      readonly virtio_9p?: { readonly tag_bufchain: Map<number, unknown> };
    };
  };
  init(settings: unknown): void;
  save_state(): ArrayBuffer;
  restore_state(state: ArrayBuffer): void;
  stop(): void;
  next_tick(milliseconds: number): void;
  yield(milliseconds: number, tick: number): void;
  yield_callback(tick: number): void;
  unregister_yield(): void;
}

export interface V86Emulator {
  readonly v86: V86Core;
  readonly bus: { send(event: string, value: unknown): void };
  add_listener(event: string, listener: (value: never) => void): void;
  remove_listener(event: string, listener: (value: never) => void): void;
  run(): Promise<void>;
  stop(): Promise<void>;
  destroy(): Promise<void>;
}

export const V86 = Library as new (options: V86Options) => V86Emulator;

/** Functions that the emulator generates stand in its table from this slot on. */
export const FIRST_GENERATED_SLOT = 1024;
