/** Docker's multiplexed stream: frames of {stream, 0, 0, 0, length} and bytes. stdcopy.StdCopy. */
export interface Frame {
  readonly stream: "stdin" | "stdout" | "stderr" | "systemerr";
  readonly bytes: Uint8Array;
}
const streams = ["stdin", "stdout", "stderr", "systemerr"] as const;

/** Cuts arriving bytes into frames; long frames come in pieces, so that nothing waits for their end. */
export class Demultiplexer {
  #header = new Uint8Array(8);
  #have = 0;
  #left = 0;
  #stream: Frame["stream"] = "stdout";

  *push(chunk: Uint8Array): Generator<Frame> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === 0) {
        const take = Math.min(8 - this.#have, chunk.length - at);
        this.#header.set(chunk.subarray(at, at + take), this.#have);
        this.#have += take;
        at += take;
        if (this.#have < 8) return;
        this.#have = 0;
        const kind = streams[this.#header[0] ?? 0];
        if (kind === undefined) throw new Error(`Unrecognized input header: ${this.#header[0]}`);
        this.#stream = kind;
        this.#left = new DataView(this.#header.buffer).getUint32(4);
        continue;
      }
      const take = Math.min(this.#left, chunk.length - at);
      yield { stream: this.#stream, bytes: chunk.subarray(at, at + take) };
      this.#left -= take;
      at += take;
    }
  }
}
