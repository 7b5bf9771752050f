/** The kernel's serial console: the last 64 KB for error reports, and lines to wait for while there is no agent. */

const KEPT = 64 * 1024;

export class SerialLog {
  private text = "";
  private readonly watchers = new Set<() => void>();
  private readonly decoder = new TextDecoder();

  /** As v86 reports it: one byte at a time. */
  push(byte: number): void {
    this.text += this.decoder.decode(Uint8Array.of(byte), { stream: true });
    if (byte !== 0x0a) return;
    if (this.text.length > 2 * KEPT) this.text = this.text.slice(-KEPT);
    for (const watcher of [...this.watchers]) watcher();
  }

  tail(characters = KEPT): string {
    return this.text.slice(-characters);
  }

  /** Resolves when the log has a whole line that matches. */
  waitFor(pattern: RegExp, options: { readonly signal?: AbortSignal } = {}): Promise<RegExpMatchArray> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      const done = () => {
        this.watchers.delete(look);
        signal?.removeEventListener("abort", abort);
      };
      const look = () => {
        const match = this.text.slice(0, this.text.lastIndexOf("\n") + 1).match(pattern);
        if (match === null) return;
        done();
        resolve(match);
      };
      const abort = () => {
        done();
        reject(signal?.reason);
      };
      signal?.throwIfAborted();
      signal?.addEventListener("abort", abort, { once: true });
      this.watchers.add(look);
      look();
    });
  }
}
