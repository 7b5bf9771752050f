/** What a registry, its token server and whatever else is outside may answer: soundly, wrongly, too much, or for ever. */

import { gzipSync } from "node:zlib";
import { sha256 } from "@noble/hashes/sha2.js";
import * as fc from "fast-check";
import { json, jsonText } from "./values.ts";

export type RequestKind = "ping" | "token" | "manifest" | "blob" | "tags" | "other";

export interface RegistryAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** "sound" is what was asked for, as far as there is such a thing. */
  readonly body: "sound" | "endless" | "broken" | { readonly text: string };
}

/** For each kind of request the answers in turn; the last one goes on. */
export type RegistryScript = Readonly<Record<RequestKind, readonly RegistryAnswer[]>>;

const host = "https://hostile.test";
const status = fc.oneof(
  { weight: 6, arbitrary: fc.constant(200) },
  fc.constantFrom(201, 202, 204, 206, 301, 304, 307, 400, 401, 401, 403, 404, 416, 429, 500, 503, 599),
);
const challenge = fc.constantFrom(
  `Bearer realm="${host}/token",service="x",scope="repository:a:pull"`,
  'Bearer realm="nonsense"',
  'Bearer realm="file:///etc/passwd"',
  "Bearer",
  'Basic realm="x"',
  "Negotiate",
  'Bearer realm="unclosed',
  `Bearer ${"a=b,".repeat(2000)}`,
  "",
);
const headers = fc.record(
  {
    "content-type": fc.constantFrom(
      "application/vnd.oci.image.index.v1+json",
      "application/vnd.oci.image.manifest.v1+json",
      "application/vnd.docker.distribution.manifest.v1+prettyjws",
      "application/json",
      "text/html",
      "",
    ),
    "www-authenticate": challenge,
    "docker-content-digest": fc.constantFrom(`sha256:${"0".repeat(64)}`, "sha256:x", ""),
    "content-length": fc.constantFrom("0", "5", "-1", "99999999999999999999", "x"),
    "content-range": fc.constantFrom("bytes 0-4/5", "bytes */0", "bytes 5-1/2", "x"),
    location: fc.constantFrom(`${host}/v2/a/blobs/uploads/1`, "/relative", "//", "http://[", "javascript:1", ""),
    link: fc.constantFrom(
      `<${host}/v2/a/tags/list?n=1>; rel="next"`,
      '</v2/a/tags/list>; rel="next"',
      '<http://[>; rel="next"',
    ),
    range: fc.constantFrom("0-5", "x", "5-0"),
    "docker-upload-uuid": fc.constant("x"),
  },
  { requiredKeys: [] },
);

const digest = fc.constantFrom(
  `sha256:${"0".repeat(64)}`,
  `sha256:${"0".repeat(63)}`,
  "sha256:../../x",
  "md5:0",
  "",
  "sha512:0",
);
const descriptor = fc.record(
  {
    mediaType: fc.oneof(
      fc.constantFrom(
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd",
        "x",
      ),
      json,
    ),
    digest: fc.oneof(digest, fc.constant("LAYER"), fc.constant("CONFIG"), json),
    size: fc.oneof(fc.constantFrom(0, 1, -1, 1.5, 2 ** 31, 2 ** 53, 1e300), json),
    platform: fc.oneof(fc.constant({ os: "linux", architecture: "386" }), json),
    annotations: fc.oneof(
      fc.dictionary(fc.constantFrom("containerd.io/snapshot/stargz/toc.digest", "a"), digest, { maxKeys: 2 }),
      json,
    ),
    urls: fc.oneof(fc.constantFrom(["http://hostile.test/f"], ["file:///etc/passwd"]), json),
  },
  { requiredKeys: [] },
);
const manifest = fc
  .record(
    {
      schemaVersion: fc.oneof(fc.constantFrom(2, 1, 3), json),
      mediaType: fc.oneof(
        fc.constantFrom("application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"),
        json,
      ),
      config: fc.oneof(descriptor, json),
      layers: fc.oneof(fc.array(descriptor, { maxLength: 3 }), json),
      manifests: fc.oneof(fc.array(descriptor, { maxLength: 3 }), json),
      errors: json,
      token: json,
      access_token: json,
      expires_in: json,
      tags: fc.oneof(fc.array(fc.string(), { maxLength: 3 }), json),
      results: fc.oneof(
        fc.array(fc.record({ name: json, description: json, star_count: json }), { maxLength: 2 }),
        json,
      ),
    },
    { requiredKeys: [] },
  )
  .map(jsonText);

const body: fc.Arbitrary<RegistryAnswer["body"]> = fc.oneof(
  { weight: 6, arbitrary: fc.constant("sound" as const) },
  { weight: 4, arbitrary: manifest.map((it) => ({ text: it })) },
  { weight: 1, arbitrary: fc.constantFrom("endless" as const, "broken" as const) },
  {
    weight: 2,
    arbitrary: fc
      .oneof(
        json.map(jsonText),
        fc.string({ maxLength: 40 }),
        fc.constantFrom("", "<html>", '{"errors":[]}', '{"errors":[{"code":1}]}', "null"),
      )
      .map((it) => ({ text: it })),
  },
);
const answer = fc.record({ status, headers, body });
const sound: RegistryAnswer = { status: 200, headers: {}, body: "sound" };
const answers = fc.oneof(
  { weight: 2, arbitrary: fc.constant([sound]) },
  { weight: 1, arbitrary: fc.array(answer, { minLength: 1, maxLength: 3 }) },
);

export const registryScripts: fc.Arbitrary<RegistryScript> = fc.record({
  ping: answers,
  token: answers,
  manifest: answers,
  blob: answers,
  tags: answers,
  other: answers,
});

/** A sound image, for the answers that are. */
const encoder = new TextEncoder();
export const digestOf = (bytes: Uint8Array): string => `sha256:${Buffer.from(sha256(bytes)).toString("hex")}`;
export function soundImage(layer: Uint8Array): {
  readonly manifest: string;
  readonly blobs: ReadonlyMap<string, Uint8Array>;
} {
  const packed = new Uint8Array(gzipSync(layer));
  const config = encoder.encode(
    JSON.stringify({
      architecture: "386",
      os: "linux",
      config: {},
      rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
    }),
  );
  const descriptorOf = (mediaType: string, bytes: Uint8Array) => ({
    mediaType,
    digest: digestOf(bytes),
    size: bytes.length,
  });
  return {
    manifest: JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: descriptorOf("application/vnd.oci.image.config.v1+json", config),
      layers: [descriptorOf("application/vnd.oci.image.layer.v1.tar+gzip", packed)],
    }),
    blobs: new Map([config, packed].map((bytes) => [digestOf(bytes), bytes])),
  };
}
