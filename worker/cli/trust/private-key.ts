/**
 * Signing keys: ECDSA on P-256, or RSA, as PKCS #8; at rest encrypted by a passphrase with PBES2 (RFC 8018: PBKDF2 with HMAC-SHA1,
 * AES-256-CBC), which is what notary writes and reads.
 */
import { concat, decode, encode, hex, isObjectId, objectId, sequence, smallInteger, tags } from "../../asn1/der.ts";

const oids = {
  ecPublicKey: "1.2.840.10045.2.1",
  p256: "1.2.840.10045.3.1.7",
  rsa: "1.2.840.113549.1.1.1",
  pbes2: "1.2.840.113549.1.5.13",
  pbkdf2: "1.2.840.113549.1.5.12",
  aes256: "2.16.840.1.101.3.4.1.42",
} as const;
const iterations = 2048;

export interface PrivateKey {
  readonly kind: "ecdsa" | "rsa";
  readonly pkcs8: Uint8Array;
  /** SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
}

/** WebCrypto wants buffers that nobody else writes. */
const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes);
const ecdsa = { name: "ECDSA", namedCurve: "P-256" } as const;

export async function generateKey(): Promise<PrivateKey> {
  const pair = await crypto.subtle.generateKey(ecdsa, true, ["sign", "verify"]);
  const [pkcs8, spki] = await Promise.all([
    crypto.subtle.exportKey("pkcs8", pair.privateKey),
    crypto.subtle.exportKey("spki", pair.publicKey),
  ]);
  return { kind: "ecdsa", pkcs8: new Uint8Array(pkcs8), spki: new Uint8Array(spki) };
}

/** Of an unencrypted block; nothing when it is no private key that can sign. */
export async function readKey(type: string, bytes: Uint8Array): Promise<PrivateKey | undefined> {
  try {
    const pkcs8 = asPkcs8(type, bytes);
    if (pkcs8 === undefined) return undefined;
    const [, algorithm] = sequence(decode(pkcs8)[0]);
    const isEc = isObjectId(sequence(algorithm)[0], oids.ecPublicKey);
    const use = isEc ? ecdsa : { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("pkcs8", own(pkcs8), use, true, ["sign"]);
    const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...shared } = await crypto.subtle.exportKey("jwk", key);
    const publicKey = await crypto.subtle.importKey("jwk", { ...shared, key_ops: ["verify"] }, use, true, ["verify"]);
    const spki = new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
    return { kind: isEc ? "ecdsa" : "rsa", pkcs8, spki };
  } catch {
    return undefined;
  }
}

/** RFC 5915 and RFC 8017 keys wrapped in the envelope of RFC 5208. */
function asPkcs8(type: string, bytes: Uint8Array): Uint8Array | undefined {
  const algorithm = {
    "EC PRIVATE KEY": encode(tags.sequence, objectId(oids.ecPublicKey), objectId(oids.p256)),
    "RSA PRIVATE KEY": encode(tags.sequence, objectId(oids.rsa), encode(tags.nothing)),
  }[type];
  if (algorithm !== undefined) return encode(tags.sequence, smallInteger(0), algorithm, encode(tags.octets, bytes));
  return type === "PRIVATE KEY" ? bytes : undefined;
}

/** TUF's name of a key: the digest of its canonical JSON. */
export async function keyId({ kind, spki }: PrivateKey): Promise<string> {
  const value = btoa(String.fromCharCode(...spki));
  const canonical = `{"keytype":"${kind}","keyval":{"private":null,"public":"${value}"}}`;
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical))));
}

export async function encryptKey({ pkcs8 }: PrivateKey, passphrase: string): Promise<Uint8Array> {
  const salt = crypto.getRandomValues(new Uint8Array(8));
  const iv = crypto.getRandomValues(new Uint8Array(16));
  const key = await deriveKey(passphrase, salt, iterations);
  const encrypted = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CBC", iv }, key, own(pkcs8)));
  const derivation = encode(tags.sequence, encode(tags.octets, salt), smallInteger(iterations));
  const parameters = encode(
    tags.sequence,
    encode(tags.sequence, objectId(oids.pbkdf2), derivation),
    encode(tags.sequence, objectId(oids.aes256), encode(tags.octets, iv)),
  );
  return encode(tags.sequence, encode(tags.sequence, objectId(oids.pbes2), parameters), encode(tags.octets, encrypted));
}

/** Throws when the passphrase is wrong or the scheme is another one. */
export async function decryptKey(bytes: Uint8Array, passphrase: string): Promise<Uint8Array> {
  const [scheme, encrypted] = sequence(decode(bytes)[0]);
  const [pbes2, parameters] = sequence(scheme);
  const [derivation, encryption] = sequence(parameters);
  const [pbkdf2, derived] = sequence(derivation);
  const [salt, rounds, prf] = sequence(derived);
  const [aes, iv] = sequence(encryption);
  const known = isObjectId(pbes2, oids.pbes2) && isObjectId(pbkdf2, oids.pbkdf2) && isObjectId(aes, oids.aes256);
  if (!known || prf !== undefined || salt === undefined || rounds === undefined || iv === undefined)
    throw new Error("pkcs8: unsupported scheme");
  const count = rounds.content.reduce((sum, digit) => sum * 256 + digit, 0);
  const key = await deriveKey(passphrase, salt.content, count);
  const data = encrypted?.content ?? concat([]);
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-CBC", iv: own(iv.content) }, key, own(data)));
}

async function deriveKey(passphrase: string, salt: Uint8Array, count: number): Promise<CryptoKey> {
  const secret = await crypto.subtle.importKey("raw", new TextEncoder().encode(passphrase), "PBKDF2", false, [
    "deriveKey",
  ]);
  const derivation = { name: "PBKDF2", hash: "SHA-1", salt: own(salt), iterations: count };
  return crypto.subtle.deriveKey(derivation, secret, { name: "AES-CBC", length: 256 }, false, ["encrypt", "decrypt"]);
}
