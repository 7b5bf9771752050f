/** Keys that ssh-keygen made for these tests and that open nothing, and keys of Node's; signatures are checked by Node. */
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import { concat } from "../asn1/der.ts";
import { decodePem } from "../asn1/pem.ts";
import { readPrivateKey, serveAgent } from "./index.ts";
import { keys } from "./testing/keys.ts";
import { Reader, string, uint32 } from "./wire.ts";

/** What the agent answers to messages that come in pieces of three bytes. */
async function ask(texts: readonly string[], ...messages: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
  const bytes = concat(messages.map(string));
  const readable = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += 3) controller.enqueue(bytes.subarray(at, at + 3));
      controller.close();
    },
  });
  const { readable: answers, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const served = serveAgent(await Promise.all(texts.map(readPrivateKey)), { readable, writable });
  const parts: Uint8Array[] = [];
  for await (const part of answers as unknown as AsyncIterable<Uint8Array>) parts.push(part);
  await served;
  const reader = new Reader(concat(parts));
  return messages.map(() => reader.string());
}

const publicOf = (line: string): Uint8Array => Buffer.from(line.split(" ")[1] ?? "", "base64");
const signRequest = (key: Uint8Array, data: string, flags = 0): Uint8Array =>
  concat([Uint8Array.of(13), string(key), string(data), uint32(flags)]);

/** Algorithm and bytes of an answer with a signature. */
function signatureOf(answer: Uint8Array | undefined) {
  const outer = new Reader(answer ?? new Uint8Array());
  expect(outer.take(1)[0]).toBe(14);
  const inner = new Reader(outer.string());
  return { algorithm: inner.text(), made: inner.string() };
}

describe("the agent of key files", () => {
  it("lists the keys in the order given, as ssh-keygen writes their public halves", async () => {
    const [listed] = await ask([keys.ed25519.file, keys.ecdsa.file, keys.rsa.file], Uint8Array.of(11));
    const reader = new Reader(listed?.subarray(1) ?? new Uint8Array());
    expect(listed?.[0]).toBe(12);
    expect(reader.uint32()).toBe(3);
    for (const { public: line } of [keys.ed25519, keys.ecdsa, keys.rsa]) {
      expect(Buffer.from(reader.string())).toEqual(publicOf(line));
      expect(reader.text()).toBe("");
    }
  });

  it("signs with Ed25519, with ECDSA, and with RSA by the hash that is asked for", async () => {
    const rsa = publicOf(keys.rsa.public);
    const answers = await ask(
      [keys.ed25519.file, keys.ecdsa.file, keys.rsa.file],
      signRequest(publicOf(keys.ed25519.public), "data"),
      signRequest(publicOf(keys.ecdsa.public), "data"),
      signRequest(rsa, "data", 2),
      signRequest(rsa, "data", 4),
      signRequest(rsa, "data"),
    );
    const nodeKey = async (text: string) =>
      createPublicKey({ key: (await readPrivateKey(text)).jwk as never, format: "jwk" });
    const [ed25519, ecdsa, ...rest] = answers.map(signatureOf);
    expect(ed25519?.algorithm).toBe("ssh-ed25519");
    const data = Buffer.from("data");
    expect(verify(null, data, await nodeKey(keys.ed25519.file), ed25519?.made ?? data)).toBe(true);
    expect(ecdsa?.algorithm).toBe("ecdsa-sha2-nistp384");
    const numbers = new Reader(ecdsa?.made ?? data);
    const fixed = Buffer.concat(
      [numbers.string(), numbers.string()].map((half) =>
        Buffer.from(Buffer.from(half).toString("hex").padStart(98, "0").slice(-96), "hex"),
      ),
    );
    const ecdsaKey = { key: await nodeKey(keys.ecdsa.file), dsaEncoding: "ieee-p1363" } as const;
    expect(verify("sha384", data, ecdsaKey, fixed)).toBe(true);
    const rsaKey = await nodeKey(keys.rsa.file);
    expect(rest.map(({ algorithm }) => algorithm)).toEqual(["rsa-sha2-256", "rsa-sha2-512", "ssh-rsa"]);
    for (const [index, hash] of ["sha256", "sha512", "sha1"].entries())
      expect(verify(hash, data, rsaKey, rest[index]?.made ?? data)).toBe(true);
  });

  it("signs with no key that it was not given, and lets nobody add, remove, lock or extend", async () => {
    const other = signRequest(publicOf(keys.rsa.public), "data");
    const answers = await ask(
      [keys.ed25519.file],
      other,
      Uint8Array.of(13, 0),
      ...[17, 18, 19, 22, 23, 99, 27].map((n) => Uint8Array.of(n)),
    );
    expect(answers.map(([first]) => first)).toEqual([5, 5, 5, 5, 5, 5, 5, 5, 28]);
  });

  it("hangs up on what is no message", async () => {
    const readable = new Blob([Uint8Array.of(255, 255, 255, 255, 1)]).stream();
    const { readable: answers, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const served = serveAgent([], { readable, writable });
    await expect(answers.getReader().read()).rejects.toThrow("bad message length");
    await served;
  });
});

describe("private keys in files", () => {
  it.each([
    ["RSA in PKCS #1", "rsa", { modulusLength: 2048 }, "pkcs1", "ssh-rsa"],
    ["RSA in PKCS #8", "rsa", { modulusLength: 2048 }, "pkcs8", "ssh-rsa"],
    ["ECDSA in SEC 1", "ec", { namedCurve: "P-256" }, "sec1", "ecdsa-sha2-nistp256"],
    ["ECDSA in PKCS #8", "ec", { namedCurve: "P-521" }, "pkcs8", "ecdsa-sha2-nistp521"],
    ["Ed25519 in PKCS #8", "ed25519", {}, "pkcs8", "ssh-ed25519"],
  ] as const)("are read: %s", async (_, kind, options, type, name) => {
    const { privateKey, publicKey } = generateKeyPairSync(kind as "rsa", options as { modulusLength: number });
    const read = await readPrivateKey(String(privateKey.export({ type: type as "pkcs8", format: "pem" })));
    expect(read.type).toBe(name);
    const { x, y, n } = publicKey.export({ format: "jwk" });
    expect(read.jwk).toMatchObject(JSON.parse(JSON.stringify({ x, y, n })));
  });

  it("are refused in the words of Go's parser", async () => {
    const pem = (kind: string, bytes: Uint8Array): string =>
      `-----BEGIN ${kind}-----\n${Buffer.from(bytes).toString("base64")}\n-----END ${kind}-----\n`;
    const why = async (text: string): Promise<string> => readPrivateKey(text).then(String, ({ message }) => message);
    const own = decodePem(keys.ed25519.file)?.bytes ?? new Uint8Array();
    const locked = new Uint8Array(own);
    locked.set(new TextEncoder().encode("aes1"), 19);
    expect(await why("junk")).toBe("ssh: no key found");
    expect(await why(pem("OPENSSH PRIVATE KEY", locked))).toBe("ssh: this private key is passphrase protected");
    expect(await why(pem("OPENSSH PRIVATE KEY", new Uint8Array(40)))).toBe("ssh: invalid openssh private key format");
    expect(await why(pem("ENCRYPTED PRIVATE KEY", own))).toBe('ssh: unsupported key type "ENCRYPTED PRIVATE KEY"');
    expect(await why(pem("PRIVATE KEY", own))).toBe("ssh: unsupported key type");
    const old =
      "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    expect(await why(old)).toBe("ssh: this private key is passphrase protected");
  });
});
