/** The names that the machine's network answers to, in front of those of the world outside. */
import type { OutsideAnswer, OutsideType, Resolver } from "../engine/dns/index.ts";
import type { Refusals } from "./refusals.ts";
import type { PackageSettings } from "./settings.ts";
import { gatewayAddress } from "./user-network.ts";

/** Where the package indexes are offered over plain HTTP. ".internal" belongs to private networks (ICANN, 2024). */
export const packagesHost = "packages.drydock.internal";

const lifetime = 60;

function addresses(name: string, type: OutsideType, address: string): OutsideAnswer {
  const record = { name, ttl: lifetime, record: { type: "A", address } } as const;
  return { status: "answered", records: type === "A" ? [record] : [] };
}

/** The gateway's own name, and those of apt's archives where nothing outside answers to them. */
export function gatewayNames(outside: Resolver, settings: () => Promise<PackageSettings>): Resolver {
  return {
    async resolve(name, type, options) {
      const wanted = name.toLowerCase().replace(/\.$/, "");
      if (wanted === packagesHost) return addresses(name, type, gatewayAddress);
      const found = await outside.resolve(name, type, options).catch((): OutsideAnswer => ({ status: "failed" }));
      if (found.status === "answered" || !(await settings()).aptHosts.includes(wanted)) return found;
      return addresses(name, type, gatewayAddress);
    },
  };
}

/** Without a network no name outside exists, apart from apt's archives. */
export function offlineNames(settings: () => Promise<PackageSettings>, refusals: Refusals): Resolver {
  return {
    async resolve(name) {
      const isArchive = (await settings()).aptHosts.includes(name.toLowerCase());
      if (!isArchive && name.includes(".") && !/\.(arpa|internal|local)$/.test(name))
        refusals.report(`${name} cannot be reached: this playground is offline`);
      return { status: "noSuchName" };
    },
  };
}

/** 198.18.0.0/15, kept free for benchmarks (RFC 2544): no real host is there. */
const firstAddress = 0xc6120001;
const addressCount = 0x1fffe;

/**
 * In a tab there is no resolver: each name gets an address of its own, by which the gateway knows who is meant when a connection comes. Whether the
 * host exists, and lets a page ask it, shows at the request.
 */
export class AddressBook implements Resolver {
  readonly #byName = new Map<string, string>();
  readonly #byAddress = new Map<string, string>();

  async resolve(name: string, type: OutsideType): Promise<OutsideAnswer> {
    // A name of one word is a container that is not there, and no host of the Internet.
    if (!name.includes(".") || /\.(arpa|internal|local|localhost|invalid|test)$/i.test(name))
      return { status: "noSuchName" };
    return addresses(name, type, this.#addressOf(name.toLowerCase()));
  }

  nameOf(address: string): string | undefined {
    return this.#byAddress.get(address);
  }

  #addressOf(name: string): string {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const value = firstAddress + (this.#byName.size % addressCount);
    const address = [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
    this.#byName.set(name, address);
    this.#byAddress.set(address, name);
    return address;
  }
}
