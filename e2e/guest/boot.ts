/** A machine booted cold in Node, for tests of the agent. */
import { existsSync, readFileSync } from "node:fs";
import { initramfs } from "../../guest-image/initramfs/pack.ts";
import type { MachineLink } from "../../worker/guest/link.ts";

interface Emulator {
  add_listener(event: string, callback: (value: never) => void): void;
  remove_listener(event: string, callback: (value: never) => void): void;
  run(): void;
  destroy(): Promise<void>;
  readonly bus: { send(event: string, value: unknown): void };
  readonly v86: {
    cpu: { devices: { virtio_console: { SendEvent(port: number, event: number, value: number): void } } };
  };
}

export interface BootedMachine {
  readonly link: MachineLink;
  /** What the serial console has shown so far. */
  console(): string;
  stop(): Promise<void>;
}

const prebuilt = new URL("../../guest-image/prebuilt/", import.meta.url);
const bytes = (name: string) => ({ buffer: new Uint8Array(readFileSync(new URL(name, prebuilt))).buffer });

/** Whether the machine's parts are there. */
export function canBoot(): boolean {
  return ["bios.bin", "bzImage", "agent"].every((name) => existsSync(new URL(name, prebuilt)));
}

/** Boots the prebuilt kernel with the initramfs; answers once the agent serves its channel. */
export async function bootMachine(
  options: { readonly memory?: number; readonly disk?: Uint8Array } = {},
): Promise<BootedMachine> {
  const { V86 } = (await import("v86/build/libv86.mjs" as string)) as { V86: new (options: object) => Emulator };
  const modules = new URL("../../node_modules/v86/build/", import.meta.url);
  const emulator = new V86({
    wasm_path: new URL("v86.wasm", modules).pathname,
    memory_size: (options.memory ?? 256) << 20,
    vga_memory_size: 2 << 20,
    autostart: false,
    disable_keyboard: true,
    disable_mouse: true,
    disable_speaker: true,
    virtio_console: true,
    bios: bytes("bios.bin"),
    vga_bios: bytes("vgabios-stdvga.bin"),
    bzimage: bytes("bzImage"),
    initrd: { buffer: (await initramfs()).buffer },
    cmdline: "console=ttyS0 quiet mitigations=off tsc=reliable random.trust_cpu=on",
    ...(options.disk === undefined ? {} : { hda: { buffer: options.disk.buffer } }),
  });
  let shown = "";
  const booted = new Promise<void>((resolve, reject) => {
    emulator.add_listener("serial0-output-byte", (byte: number) => {
      shown += String.fromCharCode(byte);
      if (shown.endsWith("BOOT-OK")) resolve();
      if (/Kernel panic|BOOT-FAILED/.test(shown.slice(-20))) reject(new Error(shown));
    });
  });
  await new Promise<void>((resolve) => emulator.add_listener("emulator-ready", () => resolve()));
  keepPortsPlain(emulator);
  const early: Uint8Array[] = [];
  const keep = (data: Uint8Array) => void early.push(data.slice());
  emulator.add_listener("virtio-console1-output-bytes", keep);
  emulator.run();
  await booted;
  const link: MachineLink = {
    send: (data) => emulator.bus.send("virtio-console1-input-bytes", data),
    onData: (callback) => {
      emulator.remove_listener("virtio-console1-output-bytes", keep);
      for (const data of early.splice(0)) callback(data);
      emulator.add_listener("virtio-console1-output-bytes", callback);
      return () => emulator.remove_listener("virtio-console1-output-bytes", callback);
    },
  };
  return { link, console: () => shown, stop: () => emulator.destroy() };
}

/** See {@link MachineLink}: announced as a console, a port would be served 16 bytes at a time. */
function keepPortsPlain(emulator: Emulator): void {
  const device = emulator.v86.cpu.devices.virtio_console;
  const send = device.SendEvent;
  device.SendEvent = function (port, event, value) {
    const announcesConsole = event === 4 && port > 0;
    if (!announcesConsole) send.call(this, port, event, value);
  };
}
