import type { MachineLink } from "../link.ts";
import { guestFrames, HEADER_OUT, hostFrames } from "../protocol.ts";
import { WireReader, WireWriter } from "../wire.ts";

export interface ReceivedFrame {
  readonly kind: keyof typeof hostFrames;
  readonly id: number;
  readonly payload: Uint8Array;
}

const names = new Map<number, keyof typeof hostFrames>(
  Object.entries(hostFrames).map(([name, number]) => [number, name as keyof typeof hostFrames]),
);

/** The guest's end of a link, played by a test: collects the client's frames, answers what the test says. */
export class ScriptedAgent {
  readonly frames: ReceivedFrame[] = [];
  /** Sizes of the link's writes so far. */
  readonly writes: number[] = [];
  /** Answers each frame; `undefined` leaves it open. */
  onFrame: (frame: ReceivedFrame) => void = () => {};
  /** Whether what is received counts as taken at once. */
  reading = true;
  readonly link: MachineLink = {
    send: (bytes) => this.#receive(bytes),
    onData: (callback) => {
      this.#deliver = callback;
      return () => {
        this.#deliver = () => {};
      };
    },
  };
  received = 0;
  #deliver: (bytes: Uint8Array) => void = () => {};
  #partial = new Uint8Array();
  #unread: Uint8Array[] = [];

  /** Takes what has arrived while `reading` was off. */
  read(): void {
    this.reading = true;
    for (const bytes of this.#unread.splice(0)) this.#take(bytes);
  }

  send(kind: keyof typeof guestFrames, id: number, payload: Uint8Array = new Uint8Array()): void {
    const frame = new WireWriter().u32(payload.length).u32(guestFrames[kind]).u32(id).u32(this.received);
    this.sendRaw(frame.raw(payload).bytes().slice());
  }

  sendRaw(bytes: Uint8Array): void {
    this.#deliver(bytes);
  }

  framesOf(kind: keyof typeof hostFrames): readonly ReceivedFrame[] {
    return this.frames.filter((frame) => frame.kind === kind);
  }

  #receive(bytes: Uint8Array): void {
    this.writes.push(bytes.length);
    if (this.reading) this.#take(bytes);
    else this.#unread.push(bytes);
  }

  #take(bytes: Uint8Array): void {
    this.received += bytes.length;
    const all = new WireWriter().raw(this.#partial).raw(bytes).bytes();
    let at = 0;
    while (all.length - at >= HEADER_OUT) {
      const header = new WireReader(all.subarray(at));
      const length = header.u32();
      const kind = names.get(header.u32());
      const id = header.u32();
      if (header.remaining < length) break;
      if (kind === undefined) throw new Error("frame of no known kind");
      const frame = { kind, id, payload: header.raw(length).slice() };
      at += HEADER_OUT + length;
      this.frames.push(frame);
      queueMicrotask(() => this.onFrame(frame));
    }
    this.#partial = all.slice(at);
  }
}
