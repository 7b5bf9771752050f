/**
 * The key of the catalogue's apt repository: made once per builder and kept out of the repository and of the site; the images that this
 * builder makes trust its public half.
 */

import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { createCleartextMessage, generateKey, readPrivateKey, sign } from "openpgp";

export interface SigningKey {
  /** In the binary form that apt reads from /etc/apt/trusted.gpg.d. */
  readonly publicKey: Uint8Array;
  /** A cleartext signature (RFC 4880, section 7): the form of an InRelease file. */
  sign(text: string, date: Date): Promise<string>;
}

/** gpgv refuses what was signed before its key was made: the date of what is signed is the lock file's, always later than this. */
const KEY_DATE = new Date("2026-01-01T00:00:00Z");

export async function openSigningKey(path: string): Promise<SigningKey> {
  if (!existsSync(path)) {
    // EdDSA keys of version 4, which the gpgv of Debian 12 knows.
    const { privateKey } = await generateKey({
      type: "ecc",
      curve: "ed25519",
      userIDs: [{ name: "Drydock package catalogue" }],
      date: KEY_DATE,
      format: "armored",
    });
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, privateKey, { mode: 0o600, flag: "wx" });
    await chmod(path, 0o600);
  }
  const key = await readPrivateKey({ armoredKey: await readFile(path, "utf8") });
  return {
    publicKey: key.toPublic().write(),
    sign: async (text, date) => sign({ message: await createCleartextMessage({ text }), signingKeys: key, date }),
  };
}
