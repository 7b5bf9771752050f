/** The server's side of TLS against OpenSSL, as Node.js carries it. */
import { X509Certificate } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { socketDuplex } from "../../api/node-socket.node.ts";
import { duplexPair } from "../duplex-pair.ts";
import { Authority } from "./authority.ts";
import { acceptTls } from "./server.ts";

const random = (count: number): Uint8Array => crypto.getRandomValues(new Uint8Array(count));
const host = "packages.example.org";

let authority: Authority;
/** The ends of the connections so far: what the server made of each. */
const ends: Promise<unknown>[] = [];
const sockets: Socket[] = [];
const server = createServer({ allowHalfOpen: true }, (socket) => {
  sockets.push(socket);
  const credentials = (name: string | undefined) => authority.credentials(name ?? "192.0.2.1");
  const accepted = acceptTls(socketDuplex(socket), { credentials, random });
  // An echo.
  const end = accepted.then(({ readable, writable }) => readable.pipeTo(writable));
  end.catch(() => undefined);
  ends.push(end);
});

beforeAll(async () => {
  authority = await Authority.open({ now: () => new Date(), random });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  server.close();
  for (const socket of sockets) socket.destroy();
});

function open(options: ConnectionOptions = {}): Promise<TLSSocket> {
  const { port } = server.address() as { port: number };
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", servername: host, ca: authority.pem, ...options }, () =>
      resolve(socket),
    );
    socket.once("error", reject);
  });
}

/** Sends all of it, and answers what came back when the other side had closed. */
async function echoed(socket: TLSSocket, data: Uint8Array): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  const ended = new Promise((resolve, reject) => socket.once("end", resolve).once("error", reject));
  socket.end(data);
  await ended;
  return new Uint8Array(Buffer.concat(pieces));
}

describe("TLS for programs in the machine", () => {
  it("carries data both ways, of any length, to a client that checks the certificate", async () => {
    for (const length of [1, 16_384, 16_385, 300_000]) {
      const data = new Uint8Array(length).map((_, i) => i % 251);
      const socket = await open();
      expect(socket.authorized).toBe(true);
      expect([socket.getProtocol(), socket.getCipher().name]).toEqual(["TLSv1.3", "TLS_AES_128_GCM_SHA256"]);
      expect(Buffer.compare(await echoed(socket, data), data)).toBe(0);
    }
  });

  it("asks a client that guessed another group once more", async () => {
    const socket = await open({ ecdhCurve: "X25519:P-256" });
    expect(Buffer.from(await echoed(socket, Uint8Array.of(1, 2, 3)))).toEqual(Buffer.of(1, 2, 3));
  });

  it("agrees on HTTP/1.1, and on nothing else", async () => {
    const socket = await open({ ALPNProtocols: ["h2", "http/1.1"] });
    expect(socket.alpnProtocol).toBe("http/1.1");
    await echoed(socket, Uint8Array.of(1));
    await expect(open({ ALPNProtocols: ["h2"] })).rejects.toThrow(/no application protocol/i);
  });

  it("certifies each name for itself, and addresses where no name is said", async () => {
    const socket = await open({ servername: "", checkServerIdentity: () => undefined });
    expect(socket.getPeerCertificate().subjectaltname).toBe("IP Address:192.0.2.1");
    await echoed(socket, Uint8Array.of(1));
    expect((await open({ servername: "other.example" })).getPeerCertificate().subject.CN).toBe("other.example");
  });

  it("is left by a client that does not believe it, and tells one that is too old", async () => {
    await expect(open({ ca: [] })).rejects.toThrow(/unable to/);
    await expect(open({ maxVersion: "TLSv1.2" })).rejects.toThrow(/protocol version/);
    await expect(ends.at(-1)).rejects.toMatchObject({ name: "TlsError" });
    await expect(open({ ciphers: "TLS_AES_256_GCM_SHA384" })).rejects.toThrow(/handshake failure/);
  });

  it("ends when anything but TLS comes, without a crash or a hang", async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      // The head of a record with a handshake message in it.
      fc
        .uint8Array({ maxLength: 600 })
        .map((body) => Uint8Array.of(22, 3, 1, body.length >> 8, body.length & 255, 1, 0, 2, ...body)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (data) => {
        const [ours, theirs] = duplexPair();
        const result = acceptTls(theirs, { credentials: (name = host) => authority.credentials(name), random });
        void ours.readable.pipeTo(new WritableStream()).catch(() => undefined);
        const writer = ours.writable.getWriter();
        void writer.write(data).catch(() => undefined);
        void writer.close().catch(() => undefined);
        await expect(result).rejects.toBeDefined();
      }),
      { numRuns: 200 },
    );
  });
});

describe("the playground's authority", () => {
  it("comes back from where it was stored, and signs on", async () => {
    const again = await Authority.open({ now: () => new Date(), random }, authority.stored);
    expect(again.pem).toBe(authority.pem);
    const root = new X509Certificate(authority.pem);
    expect(root.ca).toBe(true);
    for (const each of [authority, again]) {
      const { chain } = await each.credentials(host);
      const certificate = new X509Certificate(chain[0] ?? new Uint8Array());
      expect(certificate.checkIssued(root)).toBe(true);
      expect(certificate.verify(root.publicKey)).toBe(true);
      expect(certificate.checkHost(host)).toBe(host);
      expect(certificate.ca).toBe(false);
    }
  });
});
