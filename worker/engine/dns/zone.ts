/** Who is asked what a name means. */

/** Addresses of a name, by family. A name that exists may have none of a family. */
export interface NamedAddresses {
  readonly v4: readonly string[];
  readonly v6: readonly string[];
}

/** The names on the networks that a container is on. The networks' domain answers. */
export interface NameSource {
  lookup(container: string, name: string): NamedAddresses | undefined;
  /** "name.network" of the endpoint with the address. */
  reverse(container: string, address: string): string | undefined;
  /** Whether the container reaches anything outside its networks; questions of others are not forwarded. */
  reachesOutside(container: string): boolean;
  /** Servers that `--dns` named. */
  servers(container: string): readonly string[];
  /** `--dns-option ndots:…` above 0: names without a dot are not forwarded, the client tries its search domains. */
  keepsPlainNames(container: string): boolean;
}

export interface OutsideRecord {
  readonly name: string;
  readonly ttl: number;
  readonly record:
    | { readonly type: "A" | "AAAA"; readonly address: string }
    | { readonly type: "CNAME" | "PTR"; readonly target: string }
    | { readonly type: "TXT"; readonly texts: readonly string[] }
    | { readonly type: "MX"; readonly preference: number; readonly exchange: string };
}
export type OutsideAnswer =
  | { readonly status: "answered"; readonly records: readonly OutsideRecord[] }
  | { readonly status: "noSuchName" | "failed" };
export type OutsideType = "A" | "AAAA" | "CNAME" | "PTR" | "TXT" | "MX";

/** Names of the world outside the playground. In a tab there is none: "noSuchName" at once. */
export interface Resolver {
  resolve(
    name: string,
    type: OutsideType,
    options: { readonly servers: readonly string[]; readonly signal: AbortSignal },
  ): Promise<OutsideAnswer>;
}

export const noOutside: Resolver = { resolve: async () => ({ status: "noSuchName" }) };
