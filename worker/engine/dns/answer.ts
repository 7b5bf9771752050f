/** What the embedded server answers: libnetwork's rules (resolver.go), apart from sockets. */
import { addressBytes, formatAddress, parseAddress } from "../netlink/ip-address.ts";
import {
  encodeName,
  type Query,
  type ResourceRecord,
  type Response,
  recordTypes,
  responseCodes,
  reverseAddress,
} from "./message.ts";
import type { NameSource, OutsideRecord, OutsideType, Resolver } from "./zone.ts";

/** libnetwork's respTTL. */
const ttl = 600;

const empty: Response = { code: responseCodes.noError, answers: [] };
const failure: Response = { code: responseCodes.serverFailure, answers: [] };

const outsideTypes: Readonly<Record<number, OutsideType>> = {
  [recordTypes.A]: "A",
  [recordTypes.AAAA]: "AAAA",
  [recordTypes.CNAME]: "CNAME",
  [recordTypes.PTR]: "PTR",
  [recordTypes.TXT]: "TXT",
  [recordTypes.MX]: "MX",
};

export interface AnswerContext {
  /** Absent for the machine's own server, which knows no containers. */
  readonly container: string | undefined;
  readonly source: NameSource;
  readonly resolver: Resolver;
  readonly signal: AbortSignal;
  /** Counts answers, so that several addresses of a name take turns at the front. */
  readonly turn: number;
}

export async function answer(query: Query, context: AnswerContext): Promise<Response> {
  return inside(query, context) ?? (await outside(query, context));
}

/** From the container's networks; `undefined` for what they know nothing of. */
function inside({ question }: Query, { container, source, turn }: AnswerContext): Response | undefined {
  if (container === undefined) return undefined;
  const { name, type } = question;
  if (type === recordTypes.PTR) {
    const address = reverseAddress(name);
    const parsed = address === undefined ? undefined : parseAddress(address);
    const target = parsed === undefined ? undefined : source.reverse(container, formatAddress(parsed));
    return target === undefined ? undefined : records([{ name, type, ttl, data: encodeName(target) }]);
  }
  const found = source.lookup(container, name.toLowerCase());
  if (found === undefined) return undefined;
  switch (type) {
    case recordTypes.A:
      return records(addressRecords(name, type, rotated(found.v4, turn)));
    case recordTypes.AAAA:
      return records(addressRecords(name, type, rotated(found.v6, turn)));
    case recordTypes.ANY:
      return records([
        ...addressRecords(name, recordTypes.A, rotated(found.v4, turn)),
        ...addressRecords(name, recordTypes.AAAA, rotated(found.v6, turn)),
      ]);
    case recordTypes.MX:
      return empty;
    default:
      return undefined;
  }
}

const records = (answers: readonly ResourceRecord[]): Response => ({ code: responseCodes.noError, answers });

function rotated<T>(list: readonly T[], turn: number): readonly T[] {
  if (list.length < 2) return list;
  const at = turn % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

const addressRecords = (name: string, type: number, addresses: readonly string[]): readonly ResourceRecord[] =>
  addresses.flatMap((text) => {
    const address = parseAddress(text);
    return address === undefined ? [] : [{ name, type, ttl, data: addressBytes(address) }];
  });

async function outside({ question }: Query, context: AnswerContext): Promise<Response> {
  const { container, source, resolver, signal } = context;
  const type = outsideTypes[question.type];
  if (container !== undefined) {
    if (!source.reachesOutside(container)) return failure;
    const isAddress = question.type === recordTypes.A || question.type === recordTypes.AAAA;
    if (isAddress && !question.name.includes(".") && source.keepsPlainNames(container)) return empty;
  }
  if (type === undefined) return { code: responseCodes.notImplemented, answers: [] };
  try {
    const servers = container === undefined ? [] : source.servers(container);
    const found = await resolver.resolve(question.name, type, { servers, signal });
    switch (found.status) {
      case "answered":
        return records(found.records.map(outsideRecord));
      case "noSuchName":
        return { code: responseCodes.nameError, answers: [] };
      case "failed":
        return failure;
    }
  } catch {
    return failure;
  }
}

function outsideRecord({ name, ttl: lifetime, record }: OutsideRecord): ResourceRecord {
  const made = (data: Uint8Array): ResourceRecord => ({ name, type: recordTypes[record.type], ttl: lifetime, data });
  switch (record.type) {
    case "A":
    case "AAAA": {
      const address = parseAddress(record.address);
      return made(address === undefined ? new Uint8Array() : addressBytes(address));
    }
    case "CNAME":
    case "PTR":
      return made(encodeName(record.target));
    case "MX":
      return made(Uint8Array.of(record.preference >> 8, record.preference & 0xff, ...encodeName(record.exchange)));
    case "TXT":
      return made(
        Uint8Array.from(
          record.texts.flatMap((text) => {
            const bytes = new TextEncoder().encode(text).subarray(0, 255);
            return [bytes.length, ...bytes];
          }),
        ),
      );
  }
}
