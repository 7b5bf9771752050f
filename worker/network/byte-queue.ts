/** Bytes in order, as pieces that are not copied until they are asked for. */
export class ByteQueue {
  #pieces: Uint8Array[] = [];
  /** Bytes of the first piece that are gone. */
  #start = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.#length += bytes.length;
  }

  /** A copy of up to `length` bytes from `offset` on. */
  copy(offset: number, length: number): Uint8Array {
    const out = new Uint8Array(Math.max(0, Math.min(length, this.#length - offset)));
    let skip = this.#start + offset;
    let filled = 0;
    for (const piece of this.#pieces) {
      if (filled === out.length) break;
      if (skip >= piece.length) {
        skip -= piece.length;
        continue;
      }
      const part = piece.subarray(skip, skip + out.length - filled);
      out.set(part, filled);
      filled += part.length;
      skip = 0;
    }
    return out;
  }

  drop(count: number): void {
    this.#length -= count;
    let left = this.#start + count;
    let gone = 0;
    for (const piece of this.#pieces) {
      if (left < piece.length) break;
      left -= piece.length;
      gone++;
    }
    this.#pieces.splice(0, gone);
    this.#start = left;
  }
}
