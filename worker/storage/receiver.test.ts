import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { MemoryFile } from "./byte-file.ts";
import { receiveInto } from "./receive.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

it("answers the digest and the size of what it wrote", async () => {
  const file = new MemoryFile();
  expect(await receiveInto(file, new Blob(["abc"]).stream(), createHash("sha256"))).toEqual({
    hex: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    size: 3,
  });
  expect(file.size()).toBe(3);
});

it("ends the source when the file can take no more", async () => {
  let cancelled = false;
  const source = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(bytes("x")),
    cancel: () => {
      cancelled = true;
    },
  });
  const full = Object.assign(new MemoryFile(), {
    write: () => {
      throw new DOMException("no space left on device", "QuotaExceededError");
    },
  });
  await expect(receiveInto(full, source, createHash("sha256"))).rejects.toThrow("no space left on device");
  expect(cancelled).toBe(true);
});
