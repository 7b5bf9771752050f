/**
 * The playground's certificate authority: made on the device, kept with the playground, believed by its containers alone (RFC 5280). It signs a
 * certificate for each name that a program asks for by TLS; all of them belong to one key that lives as long as this object.
 */
import { sha1 } from "@noble/hashes/legacy.js";
import { encode, objectId, smallInteger, tags } from "../../asn1/der.ts";
import { encodePem } from "../../asn1/pem.ts";
import { concat } from "./wire.ts";

/** As it is stored, in base64: the key as PKCS #8. */
export interface StoredAuthority {
  readonly certificate: string;
  readonly key: string;
}

export interface Credentials {
  /** DER, the name's own certificate first. */
  readonly chain: readonly Uint8Array[];
  /** ECDSA with SHA-256, as DER. */
  sign(data: Uint8Array): Promise<Uint8Array>;
}

const curve = { name: "ECDSA", namedCurve: "P-256" } as const;
const scheme = { name: "ECDSA", hash: "SHA-256" } as const;
const ids = {
  commonName: "2.5.4.3",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
} as const;
const day = 86_400_000;
/** Of the authority; a name's certificate lives shorter than clients let any live. */
const authorityDays = 3650;
const nameDays = 90;
const commonName = "Drydock playground";
const encoder = new TextEncoder();

export interface AuthorityOptions {
  readonly now: () => Date;
  readonly random: (count: number) => Uint8Array;
}

export class Authority {
  readonly #options: AuthorityOptions;
  readonly #key: CryptoKey;
  readonly #stored: StoredAuthority;
  /** Of its public key, by which its certificates name it. */
  readonly #id: Uint8Array;
  readonly #known = new Map<string, Promise<Credentials>>();
  #serverKey: Promise<CryptoKeyPair> | undefined;

  private constructor(options: AuthorityOptions, key: CryptoKey, id: Uint8Array, stored: StoredAuthority) {
    this.#options = options;
    this.#key = key;
    this.#id = id;
    this.#stored = stored;
  }

  /** The stored one, or a new one. */
  static async open(options: AuthorityOptions, stored?: StoredAuthority): Promise<Authority> {
    if (stored === undefined) return await Authority.#make(options);
    const key = await crypto.subtle.importKey("pkcs8", fromBase64(stored.key), curve, false, ["sign"]);
    const { x = "", y = "" } = await publicPoint(fromBase64(stored.key));
    return new Authority(options, key, keyId(pointBytes(x, y)), stored);
  }

  static async #make(options: AuthorityOptions): Promise<Authority> {
    const pair = await crypto.subtle.generateKey(curve, true, ["sign", "verify"]);
    const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    const id = keyId(point);
    const name = distinguishedName(commonName);
    const certificate = await signed(pair.privateKey, {
      ...validity(options.now(), authorityDays),
      serial: options.random(16),
      issuer: name,
      subject: name,
      publicKey: new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey)),
      extensions: [
        extension(ids.basicConstraints, true, encode(tags.sequence, truth, smallInteger(0))),
        // keyCertSign and cRLSign.
        extension(ids.keyUsage, true, encode(tags.bits, Uint8Array.of(1, 0x06))),
        extension(ids.subjectKeyIdentifier, false, encode(tags.octets, id)),
      ],
    });
    const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
    return new Authority(options, pair.privateKey, id, { certificate: toBase64(certificate), key: toBase64(key) });
  }

  get stored(): StoredAuthority {
    return this.#stored;
  }

  /** Its certificate, for files of trusted ones. */
  get pem(): string {
    return encodePem({ type: "CERTIFICATE", headers: {}, bytes: fromBase64(this.#stored.certificate) });
  }

  /** For a host name or an IPv4 address. */
  credentials(name: string): Promise<Credentials> {
    const known = this.#known.get(name) ?? this.#certify(name);
    this.#known.set(name, known);
    return known;
  }

  async #certify(name: string): Promise<Credentials> {
    this.#serverKey ??= crypto.subtle.generateKey(curve, false, ["sign", "verify"]);
    const { privateKey, publicKey } = await this.#serverKey;
    const { now, random } = this.#options;
    const point = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
    const certificate = await signed(this.#key, {
      ...validity(now(), nameDays),
      serial: random(16),
      issuer: distinguishedName(commonName),
      // A common name has 64 characters at most; clients read the alternative names.
      subject: distinguishedName(name.slice(0, 64)),
      publicKey: new Uint8Array(await crypto.subtle.exportKey("spki", publicKey)),
      extensions: [
        extension(ids.keyUsage, true, encode(tags.bits, Uint8Array.of(7, 0x80))),
        extension(ids.extendedKeyUsage, false, encode(tags.sequence, objectId(ids.serverAuth))),
        extension(ids.subjectAltName, false, encode(tags.sequence, alternativeName(name))),
        extension(ids.subjectKeyIdentifier, false, encode(tags.octets, keyId(point))),
        extension(ids.authorityKeyIdentifier, false, encode(tags.sequence, encode(0x80, this.#id))),
      ],
    });
    return { chain: [certificate], sign: (data) => signature(privateKey, data) };
  }
}

interface Certificate {
  readonly serial: Uint8Array;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly from: Date;
  readonly until: Date;
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  readonly extensions: readonly Uint8Array[];
}

const version3 = encode(0xa0, smallInteger(2));
const algorithm = encode(tags.sequence, objectId(ids.ecdsaWithSha256));
const truth = encode(0x01, Uint8Array.of(0xff));

async function signed(key: CryptoKey, certificate: Certificate): Promise<Uint8Array> {
  const { serial, issuer, subject, from, until, publicKey, extensions } = certificate;
  const content = encode(
    tags.sequence,
    version3,
    encode(tags.integer, positive(serial)),
    algorithm,
    issuer,
    encode(tags.sequence, time(from), time(until)),
    subject,
    publicKey,
    encode(0xa3, encode(tags.sequence, ...extensions)),
  );
  const bits = concat([Uint8Array.of(0), await signature(key, content)]);
  return encode(tags.sequence, content, algorithm, encode(tags.bits, bits));
}

/** Web Crypto answers the two numbers side by side, X.509 and TLS want them as DER. */
async function signature(key: CryptoKey, data: Uint8Array): Promise<Uint8Array> {
  const pair = new Uint8Array(await crypto.subtle.sign(scheme, key, new Uint8Array(data)));
  const [r, s] = [pair.subarray(0, 32), pair.subarray(32)];
  return encode(tags.sequence, encode(tags.integer, positive(r)), encode(tags.integer, positive(s)));
}

/** DER's shortest form of a number that is not negative. */
function positive(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Uint8Array.of(0) : bytes.subarray(start);
  return (digits[0] ?? 0) < 128 ? digits : concat([Uint8Array.of(0), digits]);
}

const extension = (id: string, isCritical: boolean, value: Uint8Array): Uint8Array =>
  encode(tags.sequence, objectId(id), ...(isCritical ? [truth] : []), encode(tags.octets, value));

const utf8 = (text: string): Uint8Array => encode(0x0c, encoder.encode(text));
const distinguishedName = (name: string): Uint8Array =>
  encode(tags.sequence, encode(0x31, encode(tags.sequence, objectId(ids.commonName), utf8(name))));

/** GeneralName: an address in four bytes, or a DNS name. */
function alternativeName(name: string): Uint8Array {
  const isAddress = /^\d+(\.\d+){3}$/.test(name);
  return isAddress ? encode(0x87, Uint8Array.from(name.split("."), Number)) : encode(0x82, encoder.encode(name));
}

/** UTCTime up to 2049, GeneralizedTime after it (RFC 5280, section 4.1.2.5). */
function time(date: Date): Uint8Array {
  const digits = date.toISOString().replace(/\D/g, "").slice(0, 14);
  return date.getUTCFullYear() < 2050
    ? encode(0x17, encoder.encode(`${digits.slice(2)}Z`))
    : encode(0x18, encoder.encode(`${digits}Z`));
}

/** From the day before on: a machine's clock may be behind. */
const validity = (now: Date, days: number): Pick<Certificate, "from" | "until"> => ({
  from: new Date(now.getTime() - day),
  until: new Date(now.getTime() + days * day),
});

/** RFC 5280, section 4.2.1.2, method 1: SHA-1 names a key here, and protects nothing. */
const keyId = (point: Uint8Array): Uint8Array => sha1(point);

/** A private key in PKCS #8 tells its public point only by way of JWK. */
async function publicPoint(pkcs8: Uint8Array<ArrayBuffer>): Promise<JsonWebKey> {
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, curve, true, ["sign"]);
  return await crypto.subtle.exportKey("jwk", key);
}

const pointBytes = (x: string, y: string): Uint8Array =>
  concat([Uint8Array.of(4), ...[x, y].map((part) => fromBase64(part.replaceAll("-", "+").replaceAll("_", "/")))]);

const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
