/**
 * The machine's network as a whole: the gateway at its address, and behind it what the place has to offer: the host's network in Node, the
 * page's fetch in a tab, nothing where it is switched off.
 */
import { serveConnection } from "../api/http-server.ts";
import { noOutside, type Resolver } from "../engine/dns/index.ts";
import type { Clock, Fetch } from "../engine/ports/host.ts";
import { duplexPair } from "./duplex-pair.ts";
import { Gateway } from "./gateway.ts";
import { AddressBook, gatewayNames, offlineNames, packagesHost } from "./names.ts";
import { Refusals } from "./refusals.ts";
import { settingsLoader } from "./settings.ts";
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
const serverHeaders = { server: "Drydock" };

export function openNetwork(options: {
  readonly surroundings: Surroundings;
  /** Of the site's own files. */
  readonly fetch: Fetch;
  readonly catalogue: string;
  readonly clock: Clock;
  /** Told of what programs could not reach, unless a build step shows it. */
  readonly onRefusal: (sentence: string) => void;
}): OutsideNetwork {
  const { surroundings, fetch, catalogue, clock, onRefusal } = options;
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

  const uplink: Uplink = {
    async connect(to, signal) {
      const isOurs = to.address === gatewayAddress;
      if (to.port === httpPort && (isOurs || surroundings.kind === "page")) {
        const [ours, theirs] = duplexPair();
        void serveConnection(theirs, gateway, serverHeaders);
        return ours;
      }
      if (isOurs) throw new UplinkError("refused", "nothing else is offered here");
      if (surroundings.kind === "host") return await surroundings.uplink.connect(to, signal);
      const name = book.nameOf(to.address) ?? to.address;
      if (surroundings.kind === "page") {
        refusals.report(
          `${name}:${to.port} cannot be reached from a browser tab: only plain HTTP (port 80) leaves it, to hosts that allow it`,
        );
        throw new UplinkError("refused", name);
      }
      refusals.report(`${name}:${to.port} cannot be reached: this playground is offline`);
      throw new UplinkError("unreachable", name);
    },
    openDatagrams: (to, receive) =>
      surroundings.kind === "host" && to.address !== gatewayAddress
        ? surroundings.uplink.openDatagrams(to, receive)
        : undefined,
  };
  return { uplink, resolver: gatewayNames(names, settings), refusals };
}

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
