/** The secrets of a connection (RFC 8446, section 7.1), for the one hash that every client speaks: SHA-256. */
import { expand, extract } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, u16, vector } from "./wire.ts";

const encoder = new TextEncoder();
export const hashLength = 32;
const zeros = new Uint8Array(hashLength);

export function expandLabel(secret: Uint8Array, label: string, context: Uint8Array, length: number): Uint8Array {
  const info = concat([u16(length), vector(1, encoder.encode(`tls13 ${label}`)), vector(1, context)]);
  return expand(sha256, secret, info, length);
}

const derive = (secret: Uint8Array, label: string, transcript: Uint8Array): Uint8Array =>
  expandLabel(secret, label, transcript, hashLength);

/** What follows from one secret in both directions. */
export interface TrafficSecrets {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

export interface HandshakeSecrets extends TrafficSecrets {
  /** For the application's data, from the transcript up to the server's Finished. */
  application(transcript: Uint8Array): TrafficSecrets;
}

/** From the shared secret, and the transcript up to ServerHello. */
export function handshakeSecrets(shared: Uint8Array, transcript: Uint8Array): HandshakeSecrets {
  const nothing = sha256(new Uint8Array());
  const early = extract(sha256, zeros, zeros);
  const handshake = extract(sha256, shared, derive(early, "derived", nothing));
  const master = extract(sha256, zeros, derive(handshake, "derived", nothing));
  return {
    client: derive(handshake, "c hs traffic", transcript),
    server: derive(handshake, "s hs traffic", transcript),
    application: (all) => ({
      client: derive(master, "c ap traffic", all),
      server: derive(master, "s ap traffic", all),
    }),
  };
}

/** The next secret of a direction, after a KeyUpdate. */
export const nextSecret = (secret: Uint8Array): Uint8Array => derive(secret, "traffic upd", new Uint8Array());

/** What a Finished message must hold (section 4.4.4). */
export const finishedData = (secret: Uint8Array, transcript: Uint8Array): Uint8Array =>
  hmac(sha256, derive(secret, "finished", new Uint8Array()), transcript);

/** The running hash of all handshake messages. */
export class Transcript {
  #hash = sha256.create();

  add(message: Uint8Array): void {
    this.#hash.update(message);
  }

  digest(): Uint8Array {
    return this.#hash.clone().digest();
  }

  /** Before a second ClientHello the first one counts by its hash alone (section 4.4.1). */
  restart(): void {
    const first = this.digest();
    this.#hash = sha256.create();
    this.add(concat([Uint8Array.of(254, 0, 0, hashLength), first]));
  }
}
