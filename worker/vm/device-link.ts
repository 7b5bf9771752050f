/**
 * A device's bytes to and from the guest: port 1 of the virtio console as the agent client's wire, and the network card with a frame
 * at a time. v86 drops what the guest has no buffer for: such bytes wait here instead, until the guest has run. Output is handed on
 * after the emulator's own stack has ended, because a subscriber may send, read clocks or throw.
 */

import type { MachineLink } from "../guest/link.ts";

/** What the link needs of the emulator. */
export interface DevicePort {
  /** Whether the guest has posted a buffer for input. */
  ready(): boolean;
  write(bytes: Uint8Array): void;
}

export class DeviceLink implements MachineLink {
  private readonly port: DevicePort;
  private input: Uint8Array[] = [];
  private output: Uint8Array[] = [];
  private subscriber: ((bytes: Uint8Array) => void) | undefined;
  private delivering = false;

  constructor(port: DevicePort) {
    this.port = port;
  }

  send(bytes: Uint8Array): void {
    this.input.push(bytes);
    this.flush();
  }

  onData(callback: (bytes: Uint8Array) => void): () => void {
    this.subscriber = callback;
    if (this.output.length > 0) this.deliverSoon();
    return () => {
      if (this.subscriber === callback) this.subscriber = undefined;
    };
  }

  /** To be called whenever the guest has run. */
  flush(): void {
    while (this.port.ready()) {
      const next = this.input.shift();
      if (next === undefined) return;
      this.port.write(next);
    }
  }

  receive(bytes: Uint8Array): void {
    this.output.push(bytes);
    if (this.subscriber !== undefined) this.deliverSoon();
  }

  /** Bytes on their way into the guest, for a checkpoint. */
  get pendingInput(): readonly Uint8Array[] {
    return this.input;
  }

  /** Forgets what is on its way, both ways; the machine is another one from here on. */
  reset(pendingInput: readonly Uint8Array[] = []): void {
    this.input = [...pendingInput];
    this.output = [];
  }

  private deliverSoon(): void {
    if (this.delivering) return;
    this.delivering = true;
    queueMicrotask(() => {
      this.delivering = false;
      for (;;) {
        const { subscriber } = this;
        if (subscriber === undefined) return;
        const next = this.output.shift();
        if (next === undefined) return;
        subscriber(next);
      }
    });
  }
}
