/**
 * What the client itself asks of registries: manifests and blobs for `docker manifest`, which no operation of the Engine API brings.
 * The wiring hands in who fetches: a client of the distribution specification over the network of this machine.
 */
import type { AuthConfig } from "./config/config-file.ts";

export interface RegistryAccess {
  repository(name: RepositoryName, options: RepositoryOptions): Promise<Repository>;
}
export interface RepositoryName {
  /** "docker.io", or a host with its port. */
  readonly domain: string;
  readonly path: string;
}
export interface RepositoryOptions {
  readonly auth: AuthConfig | undefined;
  /** Plain HTTP, and certificates of nobody's, are good enough. */
  readonly insecure: boolean;
  readonly push: boolean;
  readonly signal: AbortSignal;
}
export interface RemoteManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}
export interface Repository {
  /** Without TLS: read only by those who said that they do not mind. */
  readonly plain: boolean;
  /** By tag or digest; nothing when the registry knows none or shows none to this user. */
  manifest(reference: string): Promise<RemoteManifest | undefined>;
  blob(digest: string): Promise<Uint8Array>;
  /** Takes over a blob of another repository of the same registry; false when the registry would rather have it sent. */
  mount(digest: string, from: string): Promise<boolean>;
  /** Answers the digest. */
  put(reference: string, mediaType: string, bytes: Uint8Array): Promise<string>;
}
