import { sha256 } from "@noble/hashes/sha2.js";
import { deflateSync } from "fflate";
import { describe, expect, it } from "vitest";
import { ChunkedImage } from "./chunked-image.ts";

const chunkSize = 4096;
const content = new Uint8Array(3 * chunkSize).map((_, i) => (i < chunkSize || i >= 2 * chunkSize ? i % 251 : 0));
const files = new Map<string, Uint8Array>();
const chunks = [0, 1, 2].map((i) => {
  const chunk = content.subarray(i * chunkSize, (i + 1) * chunkSize);
  if (chunk.every((byte) => byte === 0)) return null;
  const name = [...sha256(chunk)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  files.set(name, deflateSync(chunk));
  return name;
});
const manifest = { size: content.length, sha256: "", chunkSize, chunks, prefetch: [0] };

describe("an image in chunks", () => {
  it("reads within a chunk, across chunks, and zeros without a file", async () => {
    let fetched = 0;
    const image = new ChunkedImage(manifest, async (name) => {
      fetched++;
      return files.get(name) ?? new Uint8Array(0);
    });
    expect(await image.read(100, 50)).toEqual(content.subarray(100, 150));
    expect(await image.read(4000, 5000)).toEqual(content.subarray(4000, 9000));
    expect(await image.read(0, content.length)).toEqual(content);
    expect(fetched).toBe(2);
  });

  it("refuses a damaged chunk, and tries again at the next read", async () => {
    let broken = true;
    const image = new ChunkedImage(manifest, async (name) =>
      broken ? deflateSync(new Uint8Array(chunkSize)) : (files.get(name) ?? new Uint8Array(0)),
    );
    await expect(Promise.resolve(image.read(0, 10))).rejects.toThrow("damaged");
    broken = false;
    expect(await image.read(0, 10)).toEqual(content.subarray(0, 10));
  });
});
