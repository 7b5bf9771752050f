/** Signatures by private keys, as SSH writes them: an algorithm's name, and what it made. */
import { concat } from "../asn1/der.ts";
import type { PrivateKey } from "./private-key.ts";
import { mpint, string } from "./wire.ts";

/** Flags of a request to sign with an RSA key (RFC 8332 by way of the agent's protocol); without one it is SHA-1, as of old. */
const rsaFlags = { sha256: 2, sha512: 4 } as const;
const ecdsaHashes = { "P-256": "SHA-256", "P-384": "SHA-384", "P-521": "SHA-512" } as const;

export async function sign({ type, jwk }: PrivateKey, data: Uint8Array, flags: number): Promise<Uint8Array> {
  const by = async (algorithm: RsaHashedImportParams | EcKeyImportParams | { name: string }, hash?: string) => {
    const { alg, key_ops, ...plain } = jwk;
    const key = await crypto.subtle.importKey("jwk", plain, algorithm, false, ["sign"]);
    const parameters = hash === undefined ? algorithm.name : { name: algorithm.name, hash };
    return new Uint8Array(await crypto.subtle.sign(parameters, key, new Uint8Array(data)));
  };
  switch (type) {
    case "ssh-ed25519":
      return written(type, await by({ name: "Ed25519" }));
    case "ssh-rsa": {
      const [name, hash] = rsaAlgorithm(flags);
      return written(name, await by({ name: "RSASSA-PKCS1-v1_5", hash }));
    }
    default: {
      const namedCurve = jwk.crv as keyof typeof ecdsaHashes;
      const both = await by({ name: "ECDSA", namedCurve }, ecdsaHashes[namedCurve]);
      const half = both.length / 2;
      return written(type, concat([mpint(both.subarray(0, half)), mpint(both.subarray(half))]));
    }
  }
}

const written = (name: string, made: Uint8Array): Uint8Array => concat([string(name), string(made)]);

function rsaAlgorithm(flags: number): readonly [string, string] {
  if ((flags & rsaFlags.sha512) !== 0) return ["rsa-sha2-512", "SHA-512"];
  if ((flags & rsaFlags.sha256) !== 0) return ["rsa-sha2-256", "SHA-256"];
  return ["ssh-rsa", "SHA-1"];
}
