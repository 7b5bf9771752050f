/** Bytes that come as a stream, saved as a file: straight to the disk where the browser asks for a place, by a download elsewhere. */
import { saveFile } from "../files/save-file.ts";

interface SaveTarget {
  createWritable(): Promise<WritableStream<Uint8Array>>;
}

/** How many bytes were saved; undefined when the person changed their mind. */
export async function receive(name: string, content: ReadableStream<Uint8Array>): Promise<number | undefined> {
  let bytes = 0;
  const counted = content.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        controller.enqueue(chunk);
      },
    }),
  );
  const pick = (window as { showSaveFilePicker?: (options: { suggestedName: string }) => Promise<SaveTarget> })
    .showSaveFilePicker;
  // A picker needs a click that is fresh; after a long wait the browser refuses, and a download does as well.
  if (pick !== undefined && navigator.userActivation?.isActive === true) {
    try {
      const target = await pick({ suggestedName: name });
      await counted.pipeTo(await target.createWritable());
      return bytes;
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") {
        await content.cancel().catch(() => {});
        return undefined;
      }
      throw error;
    }
  }
  saveFile(name, await new Response(counted as ReadableStream<Uint8Array<ArrayBuffer>>).blob());
  return bytes;
}
