/**
 * The network of the `docker` command, which runs in the Worker and stands for a program of the machine: its localhost is the machine's,
 * Docker Hub is the catalogue first, everything else is outside.
 */
import type { ClientNetwork } from "../cli/network.ts";
import type { RegistryAccess, RemoteManifest, Repository, RepositoryName, RepositoryOptions } from "../cli/registry.ts";
import type { Endpoint, Registries } from "../engine/registry/endpoints.ts";
import { RegistryError, RegistryUnreachable } from "../engine/registry/registry-error.ts";
import { digestOf, type RepositoryClient } from "../engine/registry/repository-client.ts";

export function clientNetwork(registries: Registries): ClientNetwork {
  return {
    fetch: (url, init = {}) => {
      const { signal, method, headers, body } = init;
      return registries.fetchFor(url)(url, {
        ...(signal !== undefined && { signal }),
        ...(method !== undefined && { method }),
        ...(headers !== undefined && { headers }),
        ...(body !== undefined && { body }),
      });
    },
    registry: registryAccess(registries),
  };
}

export function registryAccess(registries: Registries): RegistryAccess {
  return { repository: (name, options) => openRepository(registries, name, options) };
}

async function openRepository(
  registries: Registries,
  { domain, path }: RepositoryName,
  { auth, insecure, push, signal }: RepositoryOptions,
): Promise<Repository> {
  const all = push ? [registries.registry(domain)] : registries.pullEndpoints(domain);
  const endpoints = await Promise.all(all.map((endpoint) => reachable(endpoint, insecure, signal)));
  const clients = endpoints.map((endpoint) =>
    registries.client(endpoint, path, { push, ...(auth !== undefined && { credentials: auth }) }),
  );
  // The one that knew the manifest has its blobs.
  let [current] = clients as [RepositoryClient];
  return {
    plain: endpoints.every(({ kind, base }) => kind === "registry" && base.startsWith("http:")),
    async manifest(reference) {
      for (const client of clients) {
        const found = await findManifest(client, reference, signal);
        if (found === undefined) continue;
        current = client;
        return found;
      }
      return undefined;
    },
    blob: (digest) => current.blobBytes(digest as `sha256:${string}`, signal),
    mount: (digest, from) => current.mountBlob(digest as `sha256:${string}`, from, signal),
    async put(reference, mediaType, bytes) {
      await current.pushManifest(reference, mediaType, bytes, signal);
      return await digestOf(bytes);
    },
  };
}

/** What a registry refuses or does not know ends the search there, as docker/cli's iterateEndpoints goes on to the next. */
async function findManifest(
  client: RepositoryClient,
  reference: string,
  signal: AbortSignal,
): Promise<RemoteManifest | undefined> {
  try {
    const { digest, bytes, manifest } = await client.manifest(reference, signal);
    return { digest, bytes, mediaType: manifest.mediaType };
  } catch (error) {
    if (error instanceof RegistryError) return undefined;
    throw error;
  }
}

/** A registry that speaks no TLS is asked again without, where that is allowed. */
async function reachable(endpoint: Endpoint, insecure: boolean, signal: AbortSignal): Promise<Endpoint> {
  if (endpoint.kind === "catalogue") return endpoint;
  try {
    await ping(endpoint, signal);
    return endpoint;
  } catch (error) {
    if (insecure && endpoint.base.startsWith("https:")) {
      const plain = { ...endpoint, base: endpoint.base.replace("https:", "http:") };
      if (
        await ping(plain, signal).then(
          () => true,
          () => false,
        )
      )
        return plain;
    }
    throw error;
  }
}

async function ping({ base, fetch }: Endpoint, signal: AbortSignal): Promise<void> {
  try {
    await (await fetch(`${base}/v2/`, { signal })).body?.cancel();
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    // Docker asks every registry with TLS first, and where nothing answers that is the one that it tells of.
    const { message } = new RegistryUnreachable("GET", `${base.replace(/^http:/, "https:")}/v2/`, cause);
    throw new Error(`failed to configure transport: error pinging v2 registry: ${message}`, { cause });
  }
}
