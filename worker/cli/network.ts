/** The network as the client itself sees it, for what is no matter of the engine: `docker login` in a browser, registries, notaries. */
import type { RegistryAccess } from "./registry.ts";

export interface ClientNetwork {
  readonly fetch: ClientFetch;
  readonly registry: RegistryAccess;
}

/** Fails with a TypeError like fetch does. */
export type ClientFetch = (
  url: string,
  init?: {
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly body?: string;
    readonly signal?: AbortSignal;
  },
) => Promise<Response>;

const offline = (): Promise<never> => Promise.reject(new TypeError("network is unreachable"));
export const noNetwork: ClientNetwork = { fetch: offline, registry: { repository: offline } };
