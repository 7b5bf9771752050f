/**
 * Private keys in files: OpenSSH's own format (PROTOCOL.key), PKCS #1, SEC 1 and PKCS #8, without a passphrase. What cannot be read
 * is told in the words of golang.org/x/crypto/ssh, which buildx shows.
 */
import { concat, encode, objectId, smallInteger, tags } from "../asn1/der.ts";
import { decodePem } from "../asn1/pem.ts";
import { mpint, Reader, string, withoutZeros } from "./wire.ts";

export type KeyType = "ssh-rsa" | "ssh-ed25519" | `ecdsa-sha2-${Curve}`;
type Curve = "nistp256" | "nistp384" | "nistp521";

export interface PrivateKey {
  readonly type: KeyType;
  /** The public half, as SSH writes it (RFC 4253, section 6.6). */
  readonly publicKey: Uint8Array;
  readonly jwk: JsonWebKey;
}

const curves = {
  "P-256": { name: "nistp256", size: 32, id: "1.2.840.10045.3.1.7" },
  "P-384": { name: "nistp384", size: 48, id: "1.3.132.0.34" },
  "P-521": { name: "nistp521", size: 66, id: "1.3.132.0.35" },
} as const;
type CurveName = keyof typeof curves;
const curveNames = Object.keys(curves) as CurveName[];

export async function readPrivateKey(text: string): Promise<PrivateKey> {
  const block = decodePem(text);
  if (block === undefined) throw new Error("ssh: no key found");
  const { type, headers, bytes } = block;
  if (/ENCRYPTED/.test(headers["Proc-Type"] ?? "")) throw protectedKey();
  switch (type) {
    case "OPENSSH PRIVATE KEY":
      return keyOf(openSshKey(bytes));
    case "RSA PRIVATE KEY":
      return await standardKey(pkcs8([objectId("1.2.840.113549.1.1.1"), encode(tags.nothing)], bytes));
    case "EC PRIVATE KEY":
      return await standardKey(pkcs8([objectId("1.2.840.10045.2.1"), objectId(curves[curveOf(bytes)].id)], bytes));
    case "PRIVATE KEY":
      return await standardKey(bytes);
    default:
      throw new Error(`ssh: unsupported key type ${JSON.stringify(type)}`);
  }
}

const protectedKey = (): Error => new Error("ssh: this private key is passphrase protected");

const pkcs8 = (algorithm: readonly Uint8Array[], key: Uint8Array): Uint8Array =>
  encode(tags.sequence, smallInteger(0), encode(tags.sequence, ...algorithm), encode(tags.octets, key));

/** SEC 1 names the curve behind the key; the three are told apart by that name, wherever it stands. */
function curveOf(bytes: Uint8Array): CurveName {
  const found = curveNames.find((curve) => includes(bytes, objectId(curves[curve].id)));
  if (found === undefined) throw new Error("x509: unknown elliptic curve");
  return found;
}

function includes(bytes: Uint8Array, part: Uint8Array): boolean {
  return bytes.some((_, at) => part.every((byte, index) => bytes[at + index] === byte));
}

/** Web Crypto takes PKCS #8 apart, and works out the public half where it is missing. */
async function standardKey(der: Uint8Array): Promise<PrivateKey> {
  const algorithms = [
    { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    { name: "Ed25519" },
    ...curveNames.map((namedCurve) => ({ name: "ECDSA", namedCurve })),
  ];
  for (const algorithm of algorithms) {
    const bytes = new Uint8Array(der);
    const key = await crypto.subtle.importKey("pkcs8", bytes, algorithm, true, ["sign"]).catch(() => undefined);
    if (key !== undefined) return keyOf(await crypto.subtle.exportKey("jwk", key));
  }
  throw new Error("ssh: unsupported key type");
}

function openSshKey(bytes: Uint8Array): JsonWebKey {
  const file = new Reader(bytes);
  const magic = "openssh-key-v1\0";
  if (bytes.length < magic.length || new TextDecoder().decode(file.take(magic.length)) !== magic)
    throw new Error("ssh: invalid openssh private key format");
  const [cipher, derivation] = [file.text(), file.text()];
  file.string();
  if (cipher !== "none" || derivation !== "none") throw protectedKey();
  if (file.uint32() !== 1) throw new Error("ssh: multi-key files are not supported");
  file.string();
  const key = new Reader(file.string());
  const [check, same] = [key.uint32(), key.uint32()];
  if (check !== same) throw new Error("ssh: malformed OpenSSH key");
  switch (key.text()) {
    case "ssh-ed25519": {
      const [point, both] = [key.string(), key.string()];
      return { kty: "OKP", crv: "Ed25519", x: base64url(point), d: base64url(both.subarray(0, 32)) };
    }
    case "ssh-rsa": {
      const [n, e, d, inverse, p, q] = Array.from({ length: 6 }, () => withoutZeros(key.string()));
      return rsaKey({ n, e, d, inverse, p, q } as RsaNumbers);
    }
    case "ecdsa-sha2-nistp256":
    case "ecdsa-sha2-nistp384":
    case "ecdsa-sha2-nistp521":
      return ecdsaKey(key.text(), key.string(), withoutZeros(key.string()));
    default:
      throw new Error("ssh: unhandled key type");
  }
}

type RsaNumbers = Readonly<Record<"n" | "e" | "d" | "inverse" | "p" | "q", Uint8Array>>;

/** OpenSSH leaves out the two exponents of the Chinese remainder theorem. */
function rsaKey({ n, e, d, inverse, p, q }: RsaNumbers): JsonWebKey {
  const exponent = (prime: Uint8Array): string => base64url(bytesOf(numberOf(d) % (numberOf(prime) - 1n)));
  const [dp, dq] = [exponent(p), exponent(q)];
  return {
    kty: "RSA",
    n: base64url(n),
    e: base64url(e),
    d: base64url(d),
    p: base64url(p),
    q: base64url(q),
    dp,
    dq,
    qi: base64url(inverse),
  };
}

function ecdsaKey(name: string, point: Uint8Array, secret: Uint8Array): JsonWebKey {
  const crv = curveNames.find((curve) => curves[curve].name === name);
  if (crv === undefined || point[0] !== 4) throw new Error("ssh: unhandled elliptic curve");
  const { size } = curves[crv];
  const d = new Uint8Array(size);
  d.set(secret, size - secret.length);
  const [x, y] = [point.subarray(1, 1 + size), point.subarray(1 + size)];
  return { kty: "EC", crv, x: base64url(x), y: base64url(y), d: base64url(d) };
}

function keyOf(jwk: JsonWebKey): PrivateKey {
  const field = (name: "n" | "e" | "x" | "y"): Uint8Array => fromBase64url(jwk[name] ?? "");
  if (jwk.kty === "RSA")
    return { type: "ssh-rsa", jwk, publicKey: concat([string("ssh-rsa"), mpint(field("e")), mpint(field("n"))]) };
  if (jwk.kty === "OKP")
    return { type: "ssh-ed25519", jwk, publicKey: concat([string("ssh-ed25519"), string(field("x"))]) };
  const { name } = curves[jwk.crv as CurveName];
  const point = concat([Uint8Array.of(4), field("x"), field("y")]);
  const type = `ecdsa-sha2-${name}` as const;
  return { type, jwk, publicKey: concat([string(type), string(name), string(point)]) };
}

const numberOf = (bytes: Uint8Array): bigint => bytes.reduce((number, byte) => number * 256n + BigInt(byte), 0n);

function bytesOf(number: bigint): Uint8Array {
  const digits = number.toString(16);
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  return Uint8Array.from(even.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const fromBase64url = (text: string): Uint8Array =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
