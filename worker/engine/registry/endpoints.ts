/** Where images of a registry come from: the built-in catalogue and mirrors before the registry itself. */
import type { Fetch } from "../ports/host.ts";
import type { Credentials } from "./credentials.ts";
import { RepositoryClient } from "./repository-client.ts";

/** `catalogue`: the site's own static registry, an index of which is at `<base>/index.json`. */
export type EndpointKind = "catalogue" | "mirror" | "registry";
export interface Endpoint {
  readonly kind: EndpointKind;
  readonly base: string;
  readonly fetch: Fetch;
}

export interface RegistryOptions {
  /** HTTP to the outside. */
  readonly fetch: Fetch;
  /** HTTP to addresses inside the machine, such as a registry in a container. */
  readonly guestFetch?: Fetch;
  /** Base address of the catalogue; "/v2/…" and "/index.json" follow it. */
  readonly catalogue?: string;
  /** `registry-mirrors`: tried before Docker Hub. */
  readonly mirrors?: readonly string[];
  /** `insecure-registries`: host[:port], or CIDR blocks of IPv4 addresses. Those of 127.0.0.0/8 always are. */
  readonly insecureRegistries?: readonly string[];
}

const hubBase = "https://registry-1.docker.io";
/** The registry behind a base address, as references name it. */
const hubDomain = "docker.io";

export class Registries {
  readonly options: RegistryOptions;
  constructor(options: RegistryOptions) {
    this.options = options;
  }

  /** For pulls, in the order in which they are tried. */
  pullEndpoints(domain: string): readonly Endpoint[] {
    if (domain !== hubDomain) return [this.registry(domain)];
    const { catalogue, mirrors = [], fetch } = this.options;
    const before: Endpoint[] = catalogue === undefined ? [] : [{ kind: "catalogue", base: catalogue, fetch }];
    for (const base of mirrors)
      before.push({ kind: "mirror", base: base.replace(/\/$/, ""), fetch: this.#fetchFor(hostOf(base)) });
    return [...before, this.registry(domain)];
  }

  /** The registry itself, for pushes and logins. */
  registry(domain: string): Endpoint {
    if (domain === hubDomain || domain === "index.docker.io")
      return { kind: "registry", base: hubBase, fetch: this.options.fetch };
    const scheme = this.isInsecure(domain) ? "http" : "https";
    return { kind: "registry", base: `${scheme}://${domain}`, fetch: this.#fetchFor(domain) };
  }

  client(
    endpoint: Endpoint,
    repository: string,
    options: { readonly credentials?: Credentials | undefined; readonly push?: boolean } = {},
  ): RepositoryClient {
    return new RepositoryClient(endpoint, repository, options);
  }

  /** A client for a base address kept in a record. */
  reopen(base: string, repository: string): RepositoryClient {
    const isCatalogue = base === this.options.catalogue?.replace(/\/$/, "");
    const fetch = isCatalogue ? this.options.fetch : this.#fetchFor(hostOf(base));
    return new RepositoryClient({ base, fetch }, repository);
  }

  isInsecure(domain: string): boolean {
    const host = withoutPort(domain);
    if (isLoopback(host)) return true;
    return (this.options.insecureRegistries ?? []).some(
      (entry) => entry === domain || entry === host || inBlock(host, entry),
    );
  }

  /** HTTP to where an address lies: inside the machine or outside. */
  fetchFor(url: string): Fetch {
    return this.#fetchFor(hostOf(url));
  }

  /** "localhost" is the machine's own, as it is the daemon's own for real Docker. */
  #fetchFor(domain: string): Fetch {
    const host = withoutPort(domain);
    const inside = isLoopback(host) || insideBlocks.some((block) => inBlock(host, block));
    return inside ? (this.options.guestFetch ?? this.options.fetch) : this.options.fetch;
  }
}

/** Docker's own pools for container networks, which exist in the machine only. */
const insideBlocks = ["172.16.0.0/12", "192.168.0.0/16"];

const isLoopback = (host: string): boolean => host === "localhost" || host === "[::1]" || inBlock(host, "127.0.0.0/8");

const withoutPort = (domain: string): string => domain.replace(/:\d+$/, "");
const hostOf = (base: string): string => (URL.canParse(base) ? new URL(base).host : base);

function inBlock(host: string, block: string): boolean {
  const [network = "", bits = "32"] = block.split("/");
  const a = addressOf(host);
  const b = addressOf(network);
  const shift = 32 - Number(bits);
  return a !== undefined && b !== undefined && Math.floor(a / 2 ** shift) === Math.floor(b / 2 ** shift);
}

function addressOf(host: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host);
  return match === null ? undefined : match.slice(1).reduce((sum, part) => sum * 256 + Number(part), 0);
}
