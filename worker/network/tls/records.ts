/** The record layer (RFC 8446, section 5): pieces of up to 16 KB, sealed by AES-128-GCM once there are keys. */
import { alerts, TlsError } from "./alerts.ts";
import { expandLabel } from "./key-schedule.ts";
import { concat, u16 } from "./wire.ts";

export const contentTypes = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;
export type ContentType = number;

export interface TlsRecord {
  readonly type: ContentType;
  readonly content: Uint8Array;
}

export const maxPlaintext = 1 << 14;
const maxCiphertext = maxPlaintext + 256;
const tagLength = 16;
const header = (type: ContentType, length: number): Uint8Array => concat([Uint8Array.of(type, 3, 3), u16(length)]);

export const plainRecord = (type: ContentType, content: Uint8Array): Uint8Array =>
  concat([header(type, content.length), content]);

/** One direction's key, and the number of its next record. */
export class Protection {
  readonly #key: CryptoKey;
  readonly #iv: Uint8Array;
  #sequence = 0n;

  private constructor(key: CryptoKey, iv: Uint8Array) {
    this.#key = key;
    this.#iv = iv;
  }

  static async of(secret: Uint8Array): Promise<Protection> {
    const nothing = new Uint8Array();
    const raw = new Uint8Array(expandLabel(secret, "key", nothing, 16));
    const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
    return new Protection(key, expandLabel(secret, "iv", nothing, 12));
  }

  async seal({ type, content }: TlsRecord): Promise<Uint8Array> {
    const inner = concat([content, Uint8Array.of(type)]);
    const head = header(contentTypes.applicationData, inner.length + tagLength);
    const sealed = await crypto.subtle.encrypt(this.#parameters(head), this.#key, new Uint8Array(inner));
    return concat([head, new Uint8Array(sealed)]);
  }

  async open(body: Uint8Array): Promise<TlsRecord> {
    const head = header(contentTypes.applicationData, body.length);
    const parameters = this.#parameters(head);
    const opened = await crypto.subtle.decrypt(parameters, this.#key, new Uint8Array(body)).catch(() => {
      throw new TlsError(alerts.badRecordMac, "a record is not from this connection");
    });
    const inner = new Uint8Array(opened);
    const end = inner.findLastIndex((byte) => byte !== 0);
    const type = inner[end];
    if (type === undefined) throw new TlsError(alerts.unexpectedMessage, "a record is nothing but padding");
    if (end > maxPlaintext) throw new TlsError(alerts.recordOverflow, "a record is too long");
    return { type, content: inner.subarray(0, end) };
  }

  /** Each record has a nonce of its own (section 5.3). */
  #parameters(additionalData: Uint8Array): AesGcmParams {
    const iv = new Uint8Array(this.#iv);
    const view = new DataView(iv.buffer);
    view.setBigUint64(4, view.getBigUint64(4) ^ this.#sequence);
    this.#sequence++;
    return { name: "AES-GCM", iv, additionalData: new Uint8Array(additionalData) };
  }
}

/** Takes records off a stream as they are on the wire. */
export class RecordSource {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(readable: ReadableStream<Uint8Array>) {
    this.#reader = readable.getReader();
  }

  /** Undefined at the stream's end. */
  async next(): Promise<TlsRecord | undefined> {
    if (!(await this.#fill(5))) return undefined;
    const [type = 0, major, , high = 0, low = 0] = this.#rest;
    const length = high * 256 + low;
    if (major !== 3) throw new TlsError(alerts.decodeError, "this is not TLS");
    if (length > maxCiphertext) throw new TlsError(alerts.recordOverflow, "a record is too long");
    if (!(await this.#fill(5 + length))) return undefined;
    const content = this.#rest.subarray(5, 5 + length);
    this.#rest = this.#rest.subarray(5 + length);
    return { type, content };
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => undefined);
  }

  async #fill(length: number): Promise<boolean> {
    if (this.#rest.length >= length) return true;
    const pieces = [this.#rest];
    for (let have = this.#rest.length; have < length; ) {
      const { value, done } = await this.#reader.read();
      if (done) return false;
      pieces.push(value);
      have += value.length;
    }
    this.#rest = concat(pieces);
    return true;
  }
}
