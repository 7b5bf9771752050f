/**
 * Packed files of the machine, downloaded and unpacked in a Worker (./unpacker-main.ts): a start's longest piece of work runs beside the
 * compiling of code, which holds the machine's own thread.
 */
import { MachineError, type MachineErrorKind } from "../vm/errors.ts";
import type { OnProgress } from "./site.ts";

export type UnpackerMessage =
  | { readonly type: "content"; readonly bytes: Uint8Array }
  | { readonly type: "progress"; readonly loaded: number; readonly total: number }
  | { readonly type: "end" }
  | { readonly type: "failed"; readonly kind: MachineErrorKind; readonly message: string };

/** As much of a Worker as this needs. */
export type UnpackerThread = Pick<Worker, "postMessage" | "terminate" | "onmessage" | "onerror">;

const startThread = (): UnpackerThread =>
  new Worker(new URL("./unpacker-main.ts", import.meta.url), { type: "module", name: "drydock-unpacker" });

export class Unpacker {
  onProgress: OnProgress = () => undefined;
  readonly #start: () => UnpackerThread;
  /** One thread a file. The first is started before anybody knows the file's name. */
  #spare: UnpackerThread | undefined;

  constructor(start = startThread) {
    this.#start = start;
    this.#spare = start();
  }

  /** Fails with {@link MachineError} "download" where the file does not come, "mismatch" where it is none. */
  async *unpack(url: string): AsyncGenerator<Uint8Array> {
    const thread = this.#spare ?? this.#start();
    this.#spare = undefined;
    const messages = messagesOf(thread).getReader();
    thread.postMessage(url);
    try {
      for (;;) {
        const { value: message } = await messages.read();
        if (message === undefined || message.type === "end") return;
        if (message.type === "failed") throw new MachineError(message.kind, message.message);
        if (message.type === "progress") this.onProgress(message.loaded, message.total);
        else yield message.bytes;
      }
    } finally {
      thread.terminate();
    }
  }
}

function messagesOf(thread: UnpackerThread): ReadableStream<UnpackerMessage> {
  return new ReadableStream<UnpackerMessage>({
    start(controller) {
      thread.onmessage = ({ data }: MessageEvent<UnpackerMessage>) => controller.enqueue(data);
      thread.onerror = ({ message }) =>
        controller.error(
          new MachineError(
            "download",
            `The program that unpacks the machine did not start: ${message || "it could not be downloaded"}.`,
          ),
        );
    },
  });
}
