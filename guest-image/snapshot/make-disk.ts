/**
 * Makes guest-image/prebuilt/disk.ext4.gz, the empty file system of the writable disk: `npx tsx guest-image/snapshot/make-disk.ts`.
 * Needs mke2fs (Debian's e2fsprogs). The result is committed: builds elsewhere do not need the tool.
 *
 * Without metadata checksums, which an emulated processor pays for at each write; inode tables count as initialised, because
 * a sparse file is zeros already and the kernel's thread that clears them would write 64 MB.
 */

import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { packBase } from "../../worker/storage/disk-base.ts";

const SIZE = 4 * 2 ** 30;
const BLOCK = 4096;
const READ = 16 << 20;
const UUID = "6472792d-646f-4b00-8000-000000000001";
const target = fileURLToPath(new URL("../prebuilt/disk.ext4.gz", import.meta.url));

const directory = mkdtempSync(join(tmpdir(), "disk-"));
try {
  const image = join(directory, "image");
  writeFileSync(image, "");
  truncateSync(image, SIZE);
  const options = `lazy_itable_init=0,lazy_journal_init=0,nodiscard,hash_seed=${UUID},root_owner=0:0`;
  execFileSync(
    "mke2fs",
    [
      ...["-q", "-F", "-t", "ext4", "-b", String(BLOCK), "-m", "0", "-N", "262144", "-L", "drydock", "-U", UUID],
      ...["-J", "size=16", "-O", "^metadata_csum,^resize_inode,^64bit", "-E", options, image],
    ],
    // The same bytes whenever it is made.
    { env: { ...process.env, E2FSPROGS_FAKE_TIME: "1767225600", SOURCE_DATE_EPOCH: "1767225600" }, stdio: "inherit" },
  );
  const blocks = nonzeroBlocks(image);
  writeFileSync(target, gzipSync(packBase(BLOCK, SIZE / BLOCK, blocks), { level: 9 }));
  console.log(`${blocks.size} blocks written`);
} finally {
  rmSync(directory, { recursive: true });
}

function nonzeroBlocks(path: string): Map<number, Uint8Array> {
  const blocks = new Map<number, Uint8Array>();
  const file = openSync(path, "r");
  const buffer = new Uint8Array(READ);
  const words = new BigUint64Array(buffer.buffer);
  for (let offset = 0; offset < SIZE; offset += READ) {
    readSync(file, buffer, 0, READ, offset);
    for (let at = 0; at < READ; at += BLOCK) {
      if (words.subarray(at / 8, (at + BLOCK) / 8).every((word) => word === 0n)) continue;
      blocks.set((offset + at) / BLOCK, buffer.slice(at, at + BLOCK));
    }
  }
  closeSync(file);
  return blocks;
}
