/** What can go wrong with the machine as a whole. Callers decide: another snapshot, a cold boot, a message. */
export type MachineErrorKind =
  /** The host does not give the memory. */
  | "memory"
  /** A file of the machine did not come; trying again can help. */
  | "download"
  /** A snapshot or checkpoint does not belong to this machine. */
  | "mismatch"
  /** The emulator itself failed; nothing of the running machine can be trusted. */
  | "lost";

export class MachineError extends Error {
  override readonly name = "MachineError";
  readonly kind: MachineErrorKind;
  constructor(kind: MachineErrorKind, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}
