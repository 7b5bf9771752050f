/**
 * The server's side of TLS 1.3 (RFC 8446) over a byte stream, as small as its clients allow: one cipher suite, one group, one signature, all of
 * them mandatory to implement (section 9.1), and no resumption. The browser's Web Crypto does the arithmetic. It ends the connections of programs
 * in the machine that insist on TLS, where only the browser itself can speak it to the outside.
 */
import type { ByteDuplex } from "../../engine/ports/guest.ts";
import { AlertReceived, alerts, TlsError } from "./alerts.ts";
import type { Credentials } from "./authority.ts";
import { type ClientHello, readClientHello } from "./client-hello.ts";
import { finishedData, handshakeSecrets, nextSecret, type TrafficSecrets, Transcript } from "./key-schedule.ts";
import { contentTypes, maxPlaintext, Protection, plainRecord, RecordSource, type TlsRecord } from "./records.ts";
import { concat, u8, u16, vector, WireReader } from "./wire.ts";

const aes128GcmSha256 = 0x1301;
const secp256r1 = 0x0017;
const ecdsaSecp256r1Sha256 = 0x0403;
const tls13 = 0x0304;
const tls12 = 0x0303;
const messages = {
  clientHello: 1,
  serverHello: 2,
  encryptedExtensions: 8,
  certificate: 11,
  certificateVerify: 15,
  finished: 20,
  keyUpdate: 24,
} as const;
const extensions = { protocols: 16, supportedVersions: 43, keyShare: 51 } as const;
/** SHA-256 of "HelloRetryRequest" in place of a ServerHello's random bytes (section 4.1.3). */
const retryRandom = Uint8Array.from(
  "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c".match(/../g) ?? [],
  (pair) => Number.parseInt(pair, 16),
);
/** No handshake message that a client has reason to send is longer. */
const maxMessage = 1 << 16;
const http = "http/1.1";
const encoder = new TextEncoder();

export interface TlsServerOptions {
  /** The certificate of a name; of the connection's address where the client names none. */
  readonly credentials: (serverName: string | undefined) => Promise<Credentials>;
  readonly random: (count: number) => Uint8Array;
}

/** Shakes hands and answers the stream inside. Rejects with the reason when it does not come about; the connection is closed then. */
export async function acceptTls(connection: ByteDuplex, options: TlsServerOptions): Promise<ByteDuplex> {
  const server = new TlsServer(connection, options);
  try {
    return await server.accept();
  } catch (error) {
    await server.fail(error);
    throw error;
  }
}

class TlsServer {
  readonly #options: TlsServerOptions;
  readonly #source: RecordSource;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #transcript = new Transcript();
  #reading: Protection | undefined;
  #writing: Protection | undefined;
  #secrets: TrafficSecrets = { client: new Uint8Array(), server: new Uint8Array() };
  /** Bytes of handshake messages that are not complete yet. */
  #pending: Uint8Array = new Uint8Array();
  /** Records leave in the order of their numbers. */
  #sent: Promise<void> = Promise.resolve();

  constructor(connection: ByteDuplex, options: TlsServerOptions) {
    this.#options = options;
    this.#source = new RecordSource(connection.readable);
    this.#writer = connection.writable.getWriter();
    this.#writer.closed.catch(() => undefined);
  }

  async accept(): Promise<ByteDuplex> {
    const { hello, share } = await this.#agree();
    const { credentials, random } = this.#options;
    const identity = await credentials(hello.serverName);
    const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);
    const shared = await sharedSecret(pair.privateKey, share);
    const ours = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    const keyShare = concat([u16(secp256r1), vector(2, ours)]);
    await this.#say(messages.serverHello, serverHello(hello, random(32), keyShare));
    await this.#changeCipherSpec(hello);

    const secrets = handshakeSecrets(shared, this.#transcript.digest());
    this.#writing = await Protection.of(secrets.server);
    this.#reading = await Protection.of(secrets.client);
    const protocols = hello.protocols.length === 0 ? [] : [extension(extensions.protocols, httpAlone)];
    await this.#say(messages.encryptedExtensions, vector(2, ...protocols));
    const list = identity.chain.map((certificate) => concat([vector(3, certificate), vector(2)]));
    await this.#say(messages.certificate, concat([vector(1), vector(3, ...list)]));
    const signature = await identity.sign(verified(this.#transcript.digest()));
    await this.#say(messages.certificateVerify, concat([u16(ecdsaSecp256r1Sha256), vector(2, signature)]));
    await this.#say(messages.finished, finishedData(secrets.server, this.#transcript.digest()));

    const transcript = this.#transcript.digest();
    this.#secrets = secrets.application(transcript);
    this.#writing = await Protection.of(this.#secrets.server);
    const { body } = await this.#message(messages.finished);
    if (!equal(body, finishedData(secrets.client, transcript)))
      throw new TlsError(alerts.decryptError, "the client has seen another handshake");
    this.#reading = await Protection.of(this.#secrets.client);
    return this.#stream();
  }

  /** Tells the other side why, and lets the connection go. */
  async fail(error: unknown): Promise<void> {
    if (!(error instanceof AlertReceived)) {
      const alert = error instanceof TlsError ? error.alert : alerts.internalError;
      await this.#send({ type: contentTypes.alert, content: Uint8Array.of(2, alert) }).catch(() => undefined);
    }
    await this.#writer.close().catch(() => undefined);
    await this.#source.cancel();
  }

  /** The client's offer, asked for once more where it guessed another group (section 4.1.4). */
  async #agree(): Promise<{ readonly hello: ClientHello; readonly share: Uint8Array }> {
    const first = await this.#clientHello();
    const known = first.keyShares.get(secp256r1);
    if (known !== undefined) return { hello: first, share: known };
    this.#transcript.restart();
    await this.#say(messages.serverHello, serverHello(first, retryRandom, u16(secp256r1)));
    await this.#changeCipherSpec(first);
    const hello = await this.#clientHello();
    const share = hello.keyShares.get(secp256r1);
    if (share === undefined) throw new TlsError(alerts.illegalParameter, "the client offers no key for P-256");
    return { hello, share };
  }

  async #clientHello(): Promise<ClientHello> {
    const { body, whole } = await this.#message(messages.clientHello);
    const hello = readClientHello(body);
    if (!hello.versions.includes(tls13))
      throw new TlsError(alerts.protocolVersion, "the program speaks no TLS 1.3, which is all that is spoken here");
    if (
      !hello.cipherSuites.includes(aes128GcmSha256) ||
      !hello.groups.includes(secp256r1) ||
      !hello.signatures.includes(ecdsaSecp256r1Sha256)
    )
      throw new TlsError(alerts.handshakeFailure, "the program speaks none of TLS 1.3's common ciphers");
    if (hello.protocols.length > 0 && !hello.protocols.includes(http))
      throw new TlsError(
        alerts.noApplicationProtocol,
        `the program speaks ${hello.protocols.join(", ")} and no ${http}`,
      );
    this.#transcript.add(whole);
    return hello;
  }

  /** Once, for boxes on the way that know older versions only (appendix D.4). */
  async #changeCipherSpec({ sessionId }: ClientHello): Promise<void> {
    if (sessionId.length > 0) await this.#write(plainRecord(contentTypes.changeCipherSpec, u8(1)));
  }

  async #say(type: number, body: Uint8Array): Promise<void> {
    const message = concat([u8(type), vector(3, body)]);
    this.#transcript.add(message);
    for (let at = 0; at < message.length; at += maxPlaintext)
      await this.#send({ type: contentTypes.handshake, content: message.subarray(at, at + maxPlaintext) });
  }

  /** The next handshake message, which has to be of this type. */
  async #message(expected: number): Promise<{ readonly body: Uint8Array; readonly whole: Uint8Array }> {
    for (;;) {
      const found = this.#takeMessage();
      if (found !== undefined && found.type !== expected)
        throw new TlsError(alerts.unexpectedMessage, `handshake message ${found.type} instead of ${expected}`);
      if (found !== undefined) return found;
      const record = await this.#next();
      if (record === undefined) throw new TlsError(alerts.closeNotify, "the connection ended in the handshake");
      if (record.type !== contentTypes.handshake)
        throw new TlsError(alerts.unexpectedMessage, "something else came in the handshake");
      this.#pending = concat([this.#pending, record.content]);
    }
  }

  #takeMessage(): { readonly type: number; readonly body: Uint8Array; readonly whole: Uint8Array } | undefined {
    if (this.#pending.length < 4) return undefined;
    const reader = new WireReader(this.#pending);
    const type = reader.number(1);
    const end = 4 + reader.number(3);
    if (end > maxMessage) throw new TlsError(alerts.illegalParameter, "a handshake message is too long");
    if (this.#pending.length < end) return undefined;
    const whole = this.#pending.slice(0, end);
    this.#pending = this.#pending.slice(end);
    return { type, body: whole.subarray(4), whole };
  }

  /** The next record that means something, opened; undefined when the other side has closed. */
  async #next(): Promise<TlsRecord | undefined> {
    for (;;) {
      const sealed = await this.#source.next();
      if (sealed === undefined) return undefined;
      if (sealed.type === contentTypes.changeCipherSpec) continue;
      const record =
        this.#reading === undefined || sealed.type !== contentTypes.applicationData
          ? sealed
          : await this.#reading.open(sealed.content);
      if (record.type === contentTypes.alert) {
        const [, alert = alerts.closeNotify] = record.content;
        if (alert === alerts.closeNotify) return undefined;
        throw new AlertReceived(alert);
      }
      if (this.#reading !== undefined && record === sealed)
        throw new TlsError(alerts.unexpectedMessage, "a record is not sealed");
      return record;
    }
  }

  #send(record: TlsRecord): Promise<void> {
    const sealed = this.#writing?.seal(record) ?? Promise.resolve(plainRecord(record.type, record.content));
    const sent = this.#sent.then(async () => this.#write(await sealed));
    this.#sent = sent.catch(() => undefined);
    return sent;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await this.#writer.ready;
    await this.#writer.write(bytes);
  }

  #stream(): ByteDuplex {
    const readable = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        try {
          const data = await this.#data();
          if (data === undefined) controller.close();
          else controller.enqueue(data);
        } catch (error) {
          await this.fail(error);
          controller.error(error);
        }
      },
      cancel: () => this.#source.cancel(),
    });
    const writable = new WritableStream<Uint8Array>({
      write: async (data) => {
        for (let at = 0; at < data.length; at += maxPlaintext)
          await this.#send({ type: contentTypes.applicationData, content: data.subarray(at, at + maxPlaintext) });
      },
      close: async () => {
        await this.#send({ type: contentTypes.alert, content: Uint8Array.of(1, alerts.closeNotify) });
        await this.#writer.close();
      },
      abort: (reason) => this.#writer.abort(reason),
    });
    return { readable, writable };
  }

  /** What the program says next; keys are renewed on the way. */
  async #data(): Promise<Uint8Array | undefined> {
    for (;;) {
      const record = await this.#next();
      if (record === undefined) return undefined;
      if (record.type === contentTypes.applicationData && record.content.length > 0) return record.content;
      if (record.type === contentTypes.handshake) await this.#renew(record.content);
    }
  }

  /** KeyUpdate (section 4.6.3): nothing else comes after the handshake. */
  async #renew(content: Uint8Array): Promise<void> {
    this.#pending = concat([this.#pending, content]);
    for (let message = this.#takeMessage(); message !== undefined; message = this.#takeMessage()) {
      if (message.type !== messages.keyUpdate)
        throw new TlsError(alerts.unexpectedMessage, `handshake message ${message.type} after the handshake`);
      const client = nextSecret(this.#secrets.client);
      this.#reading = await Protection.of(client);
      this.#secrets = { ...this.#secrets, client };
      if (message.body[0] === 1) await this.#renewOwn();
    }
  }

  async #renewOwn(): Promise<void> {
    const server = nextSecret(this.#secrets.server);
    const next = await Protection.of(server);
    const sent = this.#send({
      type: contentTypes.handshake,
      content: concat([u8(messages.keyUpdate), vector(3, u8(0))]),
    });
    this.#writing = next;
    this.#secrets = { ...this.#secrets, server };
    await sent;
  }
}

const extension = (type: number, content: Uint8Array): Uint8Array => concat([u16(type), vector(2, content)]);
const httpAlone = vector(2, vector(1, encoder.encode(http)));

function serverHello({ sessionId }: ClientHello, random: Uint8Array, keyShare: Uint8Array): Uint8Array {
  const chosen = [extension(extensions.supportedVersions, u16(tls13)), extension(extensions.keyShare, keyShare)];
  return concat([u16(tls12), random, vector(1, sessionId), u16(aes128GcmSha256), u8(0), vector(2, ...chosen)]);
}

async function sharedSecret(key: CryptoKey, share: Uint8Array): Promise<Uint8Array> {
  try {
    const theirs = new Uint8Array(share);
    const point = await crypto.subtle.importKey("raw", theirs, { name: "ECDH", namedCurve: "P-256" }, false, []);
    return new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: point }, key, 256));
  } catch {
    throw new TlsError(alerts.illegalParameter, "the client's key is no point of P-256");
  }
}

/** What the certificate's key signs (section 4.4.3). */
const verified = (transcript: Uint8Array): Uint8Array =>
  concat([encoder.encode(`${" ".repeat(64)}TLS 1.3, server CertificateVerify\0`), transcript]);

const equal = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.reduce((difference, byte, i) => difference | (byte ^ (b[i] ?? 0)), 0) === 0;
