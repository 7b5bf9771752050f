import { expect, it } from "vitest";
import { run } from "../../testing/scripted.ts";

const nothing = (): undefined => undefined;
const env = { DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE: "correct horse" };

it("makes a key pair: the public half beside the user's files, the private one encrypted in the trust directory", async () => {
  const { stdout, code, files } = await run(["trust", "key", "generate", "jeff"], nothing, {
    env,
    files: { "/project/x": "" },
  });
  expect({ stdout, code }).toEqual({
    stdout:
      "Generating key for jeff...\nSuccessfully generated and loaded private key. Corresponding public key available: /project/jeff.pub\n",
    code: 0,
  });
  expect(files.get("/project/jeff.pub")).toMatch(
    /^-----BEGIN PUBLIC KEY-----\nrole: jeff\n\n[^-]+-----END PUBLIC KEY-----\n$/,
  );
  const [path = ""] = [...files.keys()].filter((name) => name.startsWith("/home/u/.docker/trust/private/"));
  expect(path).toMatch(/\/[0-9a-f]{64}\.key$/);

  // What was written can be read with the passphrase, and with no other; the key keeps its name.
  const key = { "/project/key": files.get(path) ?? "" };
  const loaded = await run(["trust", "key", "load", "key"], nothing, { env, files: key });
  expect(loaded.stdout).toBe('Loading key from "key"...\nSuccessfully imported key from key\n');
  expect([...loaded.files.keys()]).toContain(path);
  const wrong = { DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE: "wrong horse" };
  expect((await run(["trust", "key", "load", "key"], nothing, { env: wrong, files: key })).stderr).toBe(
    "error importing key from key: cannot load key from provided file key: could not decrypt key\n",
  );
});

/** Made with OpenSSL: `ecparam -name prime256v1 -genkey -noout` and its wrapping by `pkcs8 -topk8 -nocrypt`. */
const sec1 = `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIEyH3uyq8nc9cRMIdnnCiZe6vaSgnqhtkzGhD8iEA6PNoAoGCCqGSM49
AwEHoUQDQgAE9hIj/eKJU99Kb0wKVxSZeVlFWWkt+wQubAFepqMrlGQb2YlnZQfD
SU7Ibyr1KGT4W7ncrF8VnhEy4J5LYSsJ5Q==
-----END EC PRIVATE KEY-----
`;
const pkcs8 = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgTIfe7Krydz1xEwh2
ecKJl7q9pKCeqG2TMaEPyIQDo82hRANCAAT2EiP94olT30pvTApXFJl5WUVZaS37
BC5sAV6moyuUZBvZiWdlB8NJTshvKvUoZPhbudysXxWeETLgnkthKwnl
-----END PRIVATE KEY-----
`;

it("knows a key by the same name in whatever form OpenSSL wrote it", async () => {
  const names = await Promise.all(
    [sec1, pkcs8].map(async (text) => {
      const { files } = await run(["trust", "key", "load", "k"], nothing, { env, files: { "/project/k": text } });
      return [...files.keys()].filter((name) => name.endsWith(".key"));
    }),
  );
  const id = "26b81ca6e0b7b644af2cccdabae432db83c6c9fe3ae531efbe4ad38904db2e4c";
  expect(names).toEqual([[`/home/u/.docker/trust/private/${id}.key`], [`/home/u/.docker/trust/private/${id}.key`]]);
});
