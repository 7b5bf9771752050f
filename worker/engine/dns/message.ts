/**
 * DNS messages (RFC 1035, RFC 3596): the little that an embedded server needs. Queries come from containers and are not trusted.
 * Written here because dns-packet works on Node's Buffer, whose polyfill would weigh more than this whole folder.
 */

export const recordTypes = {
  A: 1,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  ANY: 255,
} as const;
export const responseCodes = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
} as const;
export type ResponseCode = (typeof responseCodes)[keyof typeof responseCodes];
const internetClass = 1;

export interface Question {
  /** Without the final dot, in the case in which it was asked. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
}
export interface Query {
  readonly id: number;
  readonly recursionDesired: boolean;
  readonly question: Question;
  /** How many bytes the asker takes in a datagram: 512, or what its EDNS record says. */
  readonly datagramSize: number;
}

export interface ResourceRecord {
  readonly name: string;
  readonly type: number;
  readonly ttl: number;
  readonly data: Uint8Array;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** A name and the offset behind it; `undefined` when it is malformed. */
function readName(bytes: Uint8Array, start: number): { readonly name: string; readonly end: number } | undefined {
  const labels: string[] = [];
  let at = start;
  let end: number | undefined;
  let length = 0;
  for (let jumps = 0; ; ) {
    const size = bytes[at];
    if (size === undefined) return undefined;
    if (size === 0) return { name: labels.join("."), end: end ?? at + 1 };
    if ((size & 0xc0) === 0xc0) {
      const low = bytes[at + 1];
      if (low === undefined || ++jumps > 16) return undefined;
      end ??= at + 2;
      at = ((size & 0x3f) << 8) | low;
      continue;
    }
    if ((size & 0xc0) !== 0 || at + 1 + size > bytes.length) return undefined;
    length += size + 1;
    if (length > 255) return undefined;
    labels.push(decoder.decode(bytes.subarray(at + 1, at + 1 + size)));
    at += 1 + size;
  }
}

/** `undefined` for what is no query with exactly one question. */
export function parseQuery(bytes: Uint8Array): Query | undefined {
  if (bytes.length < 12) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bits = view.getUint16(2);
  const isResponse = (bits & 0x8000) !== 0;
  const opcode = (bits >> 11) & 0xf;
  if (isResponse || opcode !== 0 || view.getUint16(4) !== 1) return undefined;
  const name = readName(bytes, 12);
  if (name === undefined || name.end + 4 > bytes.length) return undefined;
  const question = { name: name.name, type: view.getUint16(name.end), class: view.getUint16(name.end + 2) };
  return {
    id: view.getUint16(0),
    recursionDesired: (bits & 0x0100) !== 0,
    question,
    datagramSize: datagramSize(bytes, view, name.end + 4),
  };
}

/** Of the OPT record (RFC 6891) among the additional records, where there is one. */
function datagramSize(bytes: Uint8Array, view: DataView, start: number): number {
  const records = view.getUint16(6) + view.getUint16(8) + view.getUint16(10);
  let at = start;
  for (let i = 0; i < records; i++) {
    const name = readName(bytes, at);
    if (name === undefined || name.end + 10 > bytes.length) break;
    if (view.getUint16(name.end) === recordTypes.OPT) return Math.max(512, view.getUint16(name.end + 2));
    at = name.end + 10 + view.getUint16(name.end + 8);
  }
  return 512;
}

export function encodeName(name: string): Uint8Array {
  const parts: number[] = [];
  for (const label of name.split(".").filter((part) => part !== "")) {
    const bytes = encoder.encode(label).subarray(0, 63);
    parts.push(bytes.length, ...bytes);
  }
  parts.push(0);
  return Uint8Array.from(parts);
}

export interface Response {
  readonly code: ResponseCode;
  readonly answers: readonly ResourceRecord[];
}

/** Records that do not fit `limit` are left out, and the message says that it was cut. */
export function encodeResponse(query: Query, response: Response, limit = 65535): Uint8Array {
  const question = encodeName(query.question.name);
  const records = response.answers.map((record) => {
    const name = encodeName(record.name);
    const out = new Uint8Array(name.length + 10 + record.data.length);
    const view = new DataView(out.buffer);
    out.set(name);
    view.setUint16(name.length, record.type);
    view.setUint16(name.length + 2, internetClass);
    view.setUint32(name.length + 4, record.ttl);
    view.setUint16(name.length + 8, record.data.length);
    out.set(record.data, name.length + 10);
    return out;
  });
  let size = 12 + question.length + 4;
  let fitting = 0;
  for (const record of records) {
    if (size + record.length > limit) break;
    size += record.length;
    fitting++;
  }
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  const truncated = fitting < records.length ? 0x0200 : 0;
  view.setUint16(0, query.id);
  view.setUint16(2, 0x8000 | truncated | (query.recursionDesired ? 0x0100 : 0) | 0x0080 | response.code);
  view.setUint16(4, 1);
  view.setUint16(6, fitting);
  out.set(question, 12);
  view.setUint16(12 + question.length, query.question.type);
  view.setUint16(12 + question.length + 2, query.question.class);
  let at = 12 + question.length + 4;
  for (const record of records.slice(0, fitting)) {
    out.set(record, at);
    at += record.length;
  }
  return out;
}

/** The address that a PTR question is about: "2.0.18.172.in-addr.arpa" or the nibbles of ip6.arpa. */
export function reverseAddress(name: string): string | undefined {
  const lower = name.toLowerCase();
  const v4 = /^((?:\d{1,3}\.){4})in-addr\.arpa$/.exec(lower);
  if (v4?.[1] !== undefined) return v4[1].slice(0, -1).split(".").reverse().join(".");
  const v6 = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(lower);
  if (v6?.[1] === undefined) return undefined;
  const digits = v6[1].slice(0, -1).split(".").reverse().join("");
  return (digits.match(/.{4}/g) ?? []).join(":");
}
