/**
 * Tar archives as an enemy writes them: blocks whose fields are any bytes, pax headers that lie, sizes that are not there, and images whose
 * manifests name what they should not. (POSIX pax interchange format; GNU tar's manual, "Basic Tar Format".)
 */
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { joined } from "./values.ts";

const encoder = new TextEncoder();

interface Member {
  readonly name: Uint8Array;
  readonly type: string;
  readonly link: Uint8Array;
  /** Octal text, or base-256 bytes. */
  readonly size: Uint8Array | undefined;
  readonly mode: number;
  readonly body: Uint8Array;
  readonly sound: boolean;
}

const block = 512;

function header({ name, type, link, size, mode, body, sound }: Member): Uint8Array {
  const out = new Uint8Array(block);
  const put = (bytes: Uint8Array, at: number, length: number): void => out.set(bytes.subarray(0, length), at);
  const octal = (value: number, width: number): Uint8Array =>
    encoder.encode(`${value.toString(8).padStart(width - 1, "0")}\0`);
  put(name, 0, 100);
  put(octal(mode, 8), 100, 8);
  put(octal(0, 8), 108, 8);
  put(octal(0, 8), 116, 8);
  put(size ?? octal(body.length, 12), 124, 12);
  put(octal(0, 12), 136, 12);
  put(encoder.encode(type), 156, 1);
  put(link, 157, 100);
  put(encoder.encode("ustar\x0000"), 257, 8);
  put(octal(1, 8), 329, 8);
  put(octal(3, 8), 337, 8);
  put(encoder.encode("        "), 148, 8);
  const sum = out.reduce<number>((total, byte) => total + byte, sound ? 0 : 1);
  put(octal(sum, 7), 148, 7);
  return out;
}

function padded(body: Uint8Array): readonly Uint8Array[] {
  return [body, new Uint8Array((block - (body.length % block)) % block)];
}

const bytes = (text: string): fc.Arbitrary<Uint8Array> => fc.constant(encoder.encode(text));
const path = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .constantFrom(
        ..."a b a/b a/b/c etc/passwd etc bin/sh ../up ../../../../etc/passwd /abs /etc/passwd a/../../x a//b ./a . .. / dir/ dir .wh.a .wh. .wh..wh..opq a/.wh..wh..opq .wh../x .wh..wh.plnk loop loop/x up/x proc/self/root dev/null Dockerfile .dockerignore manifest.json".split(
          " ",
        ),
        "",
        "new\nline",
        "tab\tand space",
        "back\\slash",
        "é😀",
        "x".repeat(100),
        `${"y".repeat(50)}/`.repeat(2),
      )
      .map((text) => encoder.encode(text)),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }) },
  { weight: 1, arbitrary: fc.constant(Uint8Array.of(0xff, 0xfe, 0x2f, 0xc3, 0x28)) },
);

const size: fc.Arbitrary<Uint8Array | undefined> = fc.oneof(
  { weight: 12, arbitrary: fc.constant(undefined) },
  fc.constantFrom("77777777777", "00000001000", "-0000000001", "zz", "", " ").map((text) => encoder.encode(text)),
  fc.constantFrom(
    Uint8Array.of(0x80, 0, 0, 0, 0x7f, 255, 255, 255, 255, 255, 255, 255),
    Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255),
    Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0),
  ),
);

const plainTypes = fc.constantFrom(..."0001235577".split(""), "6", "4", "\0");
const member: fc.Arbitrary<readonly Uint8Array[]> = fc
  .record({
    name: path,
    type: plainTypes,
    link: path,
    size,
    mode: fc.constantFrom(0o644, 0o755, 0o7777, 0, 0o4755),
    body: fc.oneof(bytes("A"), fc.uint8Array({ maxLength: 600 }), bytes("")),
    sound: fc.oneof({ weight: 30, arbitrary: fc.constant(true) }, fc.boolean()),
  })
  .map((it) => [header(it), ...("07\0".includes(it.type) ? padded(it.body) : [])]);

const paxKey = fc.constantFrom(
  ..."path linkpath size uid gid mtime atime SCHILY.xattr.user.a SCHILY.xattr.security.capability SCHILY.xattr.trusted.overlay.redirect SCHILY.xattr.trusted.overlay.opaque SCHILY.xattr.system.posix_acl_access GNU.sparse.major GNU.sparse.minor GNU.sparse.size GNU.sparse.map GNU.sparse.numblocks GNU.sparse.realsize LIBARCHIVE.xattr.user.b hdrcharset charset __proto__".split(
    " ",
  ),
);
const paxValue = fc.oneof(
  fc.constantFrom(
    ..."1 0 -1 1.5 9223372036854775807 99999999999999999999 ../../x /etc /x x 0,10 1,1,1 BINARY".split(" "),
    "",
    "a\0b",
    "a\nb",
  ),
  fc.string({ maxLength: 10 }),
);
/** Records "length key=value\n" whose lengths may lie. */
const pax: fc.Arbitrary<readonly Uint8Array[]> = fc
  .record({
    type: fc.constantFrom("x", "x", "g", "X"),
    records: fc.array(fc.tuple(paxKey, paxValue, fc.constantFrom(0, 0, 0, 0, 1, -1, 9999)), { maxLength: 3 }),
  })
  .map(({ type, records }) => {
    const body = encoder.encode(records.map((record) => paxRecord(...record)).join(""));
    return [header({ ...special, type, body }), ...padded(body)];
  });

function paxRecord(key: string, value: string, lie: number): string {
  const rest = encoder.encode(` ${key}=${value}\n`).length;
  let length = rest + 1;
  while (String(length).length + rest !== length) length = String(length).length + rest;
  return `${length + lie} ${key}=${value}\n`;
}

const special: Member = {
  name: encoder.encode("././@LongLink"),
  type: "L",
  link: new Uint8Array(0),
  size: undefined,
  mode: 0,
  body: new Uint8Array(0),
  sound: true,
};

/** GNU's long names, and its old sparse files, volume labels and continued files. */
const gnu: fc.Arbitrary<readonly Uint8Array[]> = fc
  .record({
    type: fc.constantFrom("L", "K", "S", "V", "M", "D", "N", "Z"),
    body: fc.oneof(path, bytes("n".repeat(700))),
  })
  .map(({ type, body }) => [header({ ...special, type, body }), ...padded(body)]);

/** One change to finished bytes: some written over, taken out, or put in. */
const wound = fc.record({
  at: fc.nat(10_000),
  remove: fc.constantFrom(0, 1, 100, 512, 5000),
  insert: fc.uint8Array({ maxLength: 8 }),
});

function wounded(
  whole: Uint8Array,
  { at, remove, insert }: { at: number; remove: number; insert: Uint8Array },
): Uint8Array {
  const from = Math.floor((at * whole.length) / 10_000);
  return joined([whole.subarray(0, from), insert, whole.subarray(from + remove)]);
}

const wounds = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(wound, { maxLength: 3 }) },
);
const compressions = fc.constantFrom("none", "none", "gzip", "zstd");

/** A Zstandard frame with its content in raw blocks (RFC 8878, 3.1.1). */
function zstd(content: Uint8Array): Uint8Array {
  const singleSegmentOf4Bytes = 0xa0;
  const head = new DataView(new ArrayBuffer(9));
  head.setUint32(0, 0xfd2fb528, true);
  head.setUint8(4, singleSegmentOf4Bytes);
  head.setUint32(5, content.length, true);
  const parts: Uint8Array[] = [new Uint8Array(head.buffer)];
  for (let at = 0; at === 0 || at < content.length; at += maxZstdBlock) {
    const raw = content.subarray(at, at + maxZstdBlock);
    const field = (raw.length << 3) | (at + raw.length === content.length ? 1 : 0);
    parts.push(Uint8Array.of(field & 255, (field >> 8) & 255, field >> 16), raw);
  }
  return joined(parts);
}
const maxZstdBlock = 100_000;

const compress = (kind: string, whole: Uint8Array): Uint8Array =>
  kind === "gzip" ? gzipSync(whole) : kind === "zstd" ? zstd(whole) : whole;

const end = new Uint8Array(2 * block);

/** The bytes, compressed and damaged, the damage before or after the compression. */
const finished = (whole: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  fc.tuple(whole, compressions, wounds, wounds).map(([tar, kind, inside, outside]) => {
    const hurt = (bytes: Uint8Array, all: readonly { at: number; remove: number; insert: Uint8Array }[]) =>
      all.reduce(wounded, bytes);
    return hurt(compress(kind, hurt(tar, inside)), outside);
  });

const tars: fc.Arbitrary<Uint8Array> = fc
  .array(fc.oneof({ weight: 6, arbitrary: member }, pax, gnu), { maxLength: 8 })
  .map((members) => joined([...members.flat(), end]));

export const archives: fc.Arbitrary<Uint8Array> = finished(tars);

/** A Dockerfile at the beginning of any archive, so that it is a context. */
export const contexts = (dockerfile: string): fc.Arbitrary<Uint8Array> =>
  finished(tars.map((tar) => joined([...file("Dockerfile", dockerfile), tar])));

const file = (name: string, body: string | Uint8Array): readonly Uint8Array[] => {
  const content = typeof body === "string" ? encoder.encode(body) : body;
  return [
    header({ ...special, type: "0", mode: 0o644, name: encoder.encode(name), body: content }),
    ...padded(content),
  ];
};

const any = fc.jsonValue({ maxDepth: 3 });
const digest = fc.constantFrom(
  ..."sha256:0 sha256:../../x config.json ../config.json /etc/passwd nothing layer.tar blobs/sha256/0 manifest.json".split(
    " ",
  ),
  `sha256:${"0".repeat(64)}`,
  `sha256:${"g".repeat(64)}`,
  `sha512:${"0".repeat(128)}`,
  "",
);
const descriptor = fc.record(
  { mediaType: fc.oneof(digest, any), digest: fc.oneof(digest, any), size: any, platform: any, annotations: any },
  { requiredKeys: [] },
);
const manifest = fc.oneof(
  any,
  fc.array(
    fc.record(
      {
        Config: fc.oneof(fc.constant("config.json"), digest, any),
        RepoTags: fc.oneof(fc.constant(["loaded:1"]), fc.array(fc.string(), { maxLength: 2 }), any),
        Layers: fc.oneof(fc.constant(["layer.tar"]), fc.array(digest, { maxLength: 3 }), any),
        Parent: any,
      },
      { requiredKeys: [] },
    ),
    { maxLength: 2 },
  ),
);
const config = fc.oneof(
  any,
  fc.record(
    {
      architecture: fc.oneof(fc.constant("386"), any),
      os: fc.oneof(fc.constant("linux"), any),
      config: fc.oneof(
        any,
        fc.record({ Env: any, Cmd: any, ExposedPorts: any, Volumes: any, Labels: any, Healthcheck: any }),
      ),
      created: any,
      history: fc.oneof(
        any,
        fc.array(fc.record({ empty_layer: any, created: any, created_by: any }), { maxLength: 2 }),
      ),
      rootfs: fc.oneof(any, fc.record({ type: any, diff_ids: fc.oneof(fc.array(digest, { maxLength: 2 }), any) })),
    },
    { requiredKeys: [] },
  ),
);
const index = fc.oneof(
  any,
  fc.record(
    { schemaVersion: any, manifests: fc.oneof(any, fc.array(descriptor, { maxLength: 2 })) },
    { requiredKeys: [] },
  ),
);
const layout = fc.constantFrom('{"imageLayoutVersion":"1.0.0"}', "{}", "[", "");

/** An archive of `docker save`, or an OCI layout, that lies. */
export const imageArchives: fc.Arbitrary<Uint8Array> = finished(
  fc
    .record({
      manifest,
      config,
      index: fc.option(index, { nil: undefined }),
      layout,
      layer: tars,
      repositories: fc.option(any, { nil: undefined }),
    })
    .map((it) =>
      joined([
        ...file("config.json", JSON.stringify(it.config)),
        ...file("layer.tar", it.layer),
        ...(it.index === undefined
          ? []
          : [...file("oci-layout", it.layout), ...file("index.json", JSON.stringify(it.index))]),
        ...(it.repositories === undefined ? [] : file("repositories", JSON.stringify(it.repositories))),
        ...file("manifest.json", JSON.stringify(it.manifest)),
        end,
      ]),
    ),
);
