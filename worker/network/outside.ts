/**
 * The machine's network as a whole: the gateway at its address, and behind it what the place has to offer: the host's network in Node, the
 * page's fetch in a tab, nothing where it is switched off. In a tab TLS ends here, with a certificate of the playground's own authority: the
 * browser speaks its own to the host.
 */
import { serveConnection } from "../api/http-server.ts";
import { noOutside, type Resolver } from "../engine/dns/index.ts";
import type { ByteDuplex } from "../engine/ports/guest.ts";
import type { Clock, Fetch, Randomness } from "../engine/ports/host.ts";
import { bundlePath } from "../engine/runtime/index.ts";
import { duplexPair } from "./duplex-pair.ts";
import { Gateway } from "./gateway.ts";
import { AddressBook, gatewayNames, offlineNames, packagesHost } from "./names.ts";
import { Refusals } from "./refusals.ts";
import { settingsLoader } from "./settings.ts";
import type { Authority } from "./tls/authority.ts";
import { type Uplink, UplinkError } from "./uplink.ts";
import { gatewayAddress } from "./user-network.ts";

export type Surroundings =
  /** Node: the host's sockets and names. */
  | { readonly kind: "host"; readonly uplink: Uplink; readonly resolver: Resolver; readonly fetch: Fetch }
  /** A tab: what `fetch` reaches. */
  | { readonly kind: "page"; readonly fetch: Fetch }
  | { readonly kind: "offline" };

export interface OutsideNetwork {
  readonly uplink: Uplink;
  readonly resolver: Resolver;
  readonly refusals: Refusals;
}

const httpPort = 80;
const httpsPort = 443;
const serverHeaders = { server: "Drydock" };

const offline = "this playground is offline";
const noDatagrams = { page: "only HTTP leaves a browser tab (ports 80 and 443)", offline } as const;
const noEchoes = { ...noDatagrams, host: "pings do not leave the machine" } as const;

export function openNetwork(options: {
  readonly surroundings: Surroundings;
  /** Of the site's own files. */
  readonly fetch: Fetch;
  readonly catalogue: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Signs for the hosts that programs ask for by TLS; without one they are refused. In a tab only. */
  readonly authority?: Authority | undefined;
  /** Told of what programs could not reach, unless a build step shows it. */
  readonly onRefusal: (sentence: string) => void;
}): OutsideNetwork {
  const { surroundings, fetch, catalogue, clock, randomness, authority, onRefusal } = options;
  const refusals = new Refusals(() => clock.monotonic(), onRefusal);
  const settings = settingsLoader(fetch, catalogue);
  const book = new AddressBook();
  const gateway = new Gateway({
    fetch,
    catalogue,
    settings,
    outside: surroundings.kind === "offline" ? undefined : surroundings.fetch,
    relaysOthers: surroundings.kind === "page",
    refusals,
  });
  const names = {
    host: () => (surroundings.kind === "host" ? surroundings.resolver : noOutside),
    page: () => book,
    offline: () => offlineNames(settings, refusals),
  }[surroundings.kind]();

  const nameOf = (address: string): string =>
    address === gatewayAddress ? packagesHost : (book.nameOf(address) ?? address);
  const serveTls = async (connection: ByteDuplex, address: string, signer: Authority): Promise<void> => {
    const { acceptTls, refusalOf } = await import("./tls/index.ts");
    const credentials = (name = nameOf(address)) => signer.credentials(name);
    try {
      const inside = await acceptTls(connection, { credentials, random: (count) => randomness.bytes(count) });
      await serveConnection(inside, gateway.overTls, serverHeaders);
    } catch (error) {
      const why = refusalOf(error);
      if (why !== undefined) refusals.report(`${nameOf(address)} was asked over TLS in vain: ${why}`);
    }
  };

  const uplink: Uplink = {
    async connect(to, signal) {
      const isOurs = to.address === gatewayAddress;
      if (to.port === httpPort && (isOurs || surroundings.kind === "page")) {
        const [ours, theirs] = duplexPair();
        void serveConnection(theirs, gateway, serverHeaders);
        return ours;
      }
      if (to.port === httpsPort && surroundings.kind === "page" && authority !== undefined) {
        const [ours, theirs] = duplexPair();
        void serveTls(theirs, to.address, authority);
        return ours;
      }
      if (isOurs) throw new UplinkError("refused", "nothing else is offered here");
      if (surroundings.kind === "host") return await surroundings.uplink.connect(to, signal);
      const name = nameOf(to.address);
      if (surroundings.kind === "page") {
        refusals.report(
          `${name}:${to.port} cannot be reached from a browser tab: only HTTP leaves it (ports 80 and 443), to hosts that allow it`,
        );
        throw new UplinkError("refused", name);
      }
      refusals.report(`${name}:${to.port} cannot be reached: ${offline}`);
      throw new UplinkError("unreachable", name);
    },
    openDatagrams(to, receive) {
      if (to.address === gatewayAddress) return undefined;
      if (surroundings.kind === "host") return surroundings.uplink.openDatagrams(to, receive);
      const name = book.nameOf(to.address) ?? to.address;
      refusals.report(`${name}:${to.port} cannot be reached over UDP: ${noDatagrams[surroundings.kind]}`);
      return undefined;
    },
    echoRefused(address) {
      const name = book.nameOf(address) ?? address;
      refusals.report(`${name} cannot be pinged: ${noEchoes[surroundings.kind]}`);
    },
  };
  return { uplink, resolver: gatewayNames(names, settings), refusals };
}

/** What tells programs with certificates of their own that the machine's are to be believed: the gateway's TLS in a tab. */
export const trustVariables: readonly string[] = [
  `SSL_CERT_FILE=${bundlePath}`,
  `PIP_CERT=${bundlePath}`,
  `REQUESTS_CA_BUNDLE=${bundlePath}`,
  `NODE_EXTRA_CA_CERTS=${bundlePath}`,
];

/**
 * What tells pip and npm in build steps and containers where the indexes are. apt finds its archive by the name that it knows.
 */
export const packageVariables: readonly string[] = [
  `PIP_INDEX_URL=http://${packagesHost}/pip/simple/`,
  `PIP_TRUSTED_HOST=${packagesHost}`,
  "PIP_DISABLE_PIP_VERSION_CHECK=1",
  `npm_config_registry=http://${packagesHost}/npm/`,
  "npm_config_update_notifier=false",
];
