/** Values that people, programs and enemies write where a client of Docker may write one. */
import * as fc from "fast-check";
import { objects } from "../playground.ts";

/** Names of what there is, of what there is not, and what looks like a value of some kind. */
export const word: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...Object.values(objects)),
  fc.constantFrom(
    ..."bridge host none default scratch busybox:latest busybox@sha256:0 library/busybox hostile.test/a/b:c container:web container:nothing service:x".split(
      " ",
    ),
    ..."true false 0 -1 1 1.5 0x10 1e9 5s -5s 1h 1g 1gb -1k 9223372036854775807 9223372036854775808 9999999999999999999999 NaN Infinity null".split(
      " ",
    ),
    ..."/ . .. ../.. /tmp /etc/passwd /proc/self/exe web:/etc a:b a:/b:ro /a:/b:z,ro 1:2:3 80 80/tcp 80:80/udp 0-65535 70000:1 [::]:80:80 ::1 10.0.0.0/24 10.0.0.1 fe80::/64 256.1.1.1/33".split(
      " ",
    ),
    ..."KILL SIGTERM 9 0 65 always on-failure:3 unless-stopped no local json-file json table {{.ID}} {{ {{.Nothing.At.All}} label=a name=web =x x= - -- -z --rm a=b sleep sh".split(
      " ",
    ),
    "{{json .}}",
    "table {{.Names}}\t{{.Nothing}}",
    '{{range .}}{{index . "a" 9}}{{end}}',
    '{{printf "%*d%!" 99 .ID | slice 5 1}}',
    "",
    " ",
    "\0",
    "a\nb",
    "%zz",
    "%2e%2e%2f",
    "é€😀",
    "\u202e",
    "__proto__",
    "constructor",
    "toString",
    "a".repeat(300),
    "a/".repeat(200),
  ),
  fc.string({ maxLength: 10 }),
  fc.string({ unit: "binary", maxLength: 6 }),
);

const number = fc.oneof(
  fc.integer({ min: -3, max: 70_000 }),
  fc.constantFrom(-0, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 53, -(2 ** 63), 1e30, 0.5, 1024, 6 * 1024 * 1024),
);

/** Any JSON; now and then deep enough to end a stack. */
export const json: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 30, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(200, 1500).map((depth) => nested(depth)) },
);

function nested(depth: number): unknown {
  let value: unknown = 0;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

export const value: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: word },
  number,
  fc.boolean(),
  fc.constant(null),
  fc.array(word, { maxLength: 3 }),
  fc.dictionary(word, fc.oneof(word, number), { maxKeys: 3 }),
  json,
);

/** An object with some of these keys, whose values are mostly not what they should be. */
export const shaped = (
  keys: readonly string[],
  each: fc.Arbitrary<unknown> = value,
  maxKeys = 4,
): fc.Arbitrary<Record<string, unknown>> => fc.dictionary(fc.constantFrom(...keys, "__proto__"), each, { maxKeys });

/** Nothing of {@link json} is deeper than JSON.stringify goes. */
export const jsonText = (value: unknown): string => JSON.stringify(value) ?? "";

export const joined = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
