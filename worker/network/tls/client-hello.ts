/** What a client offers (RFC 8446, section 4.1.2), as far as it decides anything here. */
import { alerts, TlsError } from "./alerts.ts";
import { WireReader } from "./wire.ts";

export interface ClientHello {
  readonly sessionId: Uint8Array;
  readonly cipherSuites: readonly number[];
  /** Server Name Indication (RFC 6066): the name it believes to speak to. */
  readonly serverName: string | undefined;
  readonly versions: readonly number[];
  readonly groups: readonly number[];
  readonly signatures: readonly number[];
  readonly keyShares: ReadonlyMap<number, Uint8Array>;
  /** ALPN (RFC 7301). */
  readonly protocols: readonly string[];
}

const extensions = {
  serverName: 0,
  supportedGroups: 10,
  signatureAlgorithms: 13,
  protocols: 16,
  supportedVersions: 43,
  keyShare: 51,
} as const;
const hostName = 0;
const latin1 = new TextDecoder("latin1");

/** The message's body, without its type and length. */
export function readClientHello(body: Uint8Array): ClientHello {
  const reader = new WireReader(body);
  reader.bytes(2 + 32);
  const sessionId = reader.vector(1);
  const cipherSuites = reader.numbers(2, 2);
  reader.vector(1);
  const found = new Map<number, Uint8Array>();
  if (!reader.isAtEnd) {
    const list = new WireReader(reader.vector(2));
    while (!list.isAtEnd) {
      const type = list.number(2);
      if (found.has(type)) throw new TlsError(alerts.illegalParameter, "an extension comes twice");
      found.set(type, list.vector(2));
    }
  }
  const read = <T>(type: number, parse: (reader: WireReader) => T, otherwise: T): T => {
    const content = found.get(type);
    return content === undefined ? otherwise : parse(new WireReader(content));
  };
  return {
    sessionId,
    cipherSuites,
    serverName: read(extensions.serverName, readServerName, undefined),
    versions: read(extensions.supportedVersions, (r) => r.numbers(1, 2), []),
    groups: read(extensions.supportedGroups, (r) => r.numbers(2, 2), []),
    signatures: read(extensions.signatureAlgorithms, (r) => r.numbers(2, 2), []),
    keyShares: read(extensions.keyShare, readKeyShares, new Map()),
    protocols: read(extensions.protocols, readProtocols, []),
  };
}

function readServerName(reader: WireReader): string | undefined {
  const list = new WireReader(reader.vector(2));
  while (!list.isAtEnd) {
    const type = list.number(1);
    const name = list.vector(2);
    if (type === hostName) return latin1.decode(name).toLowerCase();
  }
  return undefined;
}

function readKeyShares(reader: WireReader): ReadonlyMap<number, Uint8Array> {
  const list = new WireReader(reader.vector(2));
  const shares = new Map<number, Uint8Array>();
  while (!list.isAtEnd) shares.set(list.number(2), list.vector(2));
  return shares;
}

function readProtocols(reader: WireReader): readonly string[] {
  const list = new WireReader(reader.vector(2));
  const names: string[] = [];
  while (!list.isAtEnd) names.push(latin1.decode(list.vector(1)));
  return names;
}
