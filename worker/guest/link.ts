/**
 * The wire between the agent client and the machine: virtio-console port 1, both ways raw bytes in order.
 *
 * The machine's end of it drops host→guest bytes for which the guest has posted no buffer (16 buffers of 4 KiB), so the
 * client counts: it never has more than {@link LINK_WINDOW} writes outstanding, each of at most {@link LINK_CHUNK} bytes.
 * An implementation passes each `send` on as exactly one write.
 *
 * The machine must not announce port 1 as a console (VIRTIO_CONSOLE_CONSOLE_PORT, control event 4), as v86's device does for
 * every port when the guest's driver starts: Linux would then serve it through its hvc layer, 16 bytes at a time. Before a
 * cold boot, wrap `SendEvent` of the device so that it leaves event 4 out for ports above 0.
 */
export interface MachineLink {
  /** Synchronous; the bytes belong to the link afterwards. */
  send(bytes: Uint8Array): void;
  /** Calls back with bytes from the guest, in any pieces. One subscriber at a time; the answer ends the subscription. */
  onData(callback: (bytes: Uint8Array) => void): () => void;
}

export const LINK_CHUNK = 4096;
export const LINK_WINDOW = 12;
