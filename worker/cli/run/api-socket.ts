/**
 * `--use-api-socket`: the container speaks to this engine, with this user's credentials. The socket is a bind mount; the credentials are
 * a config.json of their own, copied in after the container is made.
 */

import { allAuth, encodeEntry } from "../config/auth.ts";
import type { AuthConfig } from "../config/config-file.ts";
import { tarBytes } from "../io/small-tar.ts";
import { segment } from "../session/client.ts";
import type { Context } from "../session/context.ts";
import { CliError, messageOf } from "../session/errors.ts";
import type { ContainerOptions } from "./options.ts";

const configFile = "/run/secrets/docker/config.json";

export interface ApiSocket {
  readonly options: ContainerOptions;
  /** To be called with the id of the container that was made. */
  inject(container: string): Promise<void>;
}

export async function withApiSocket(context: Context, options: ContainerOptions): Promise<ApiSocket> {
  const { host: endpoint } = context.client;
  if (!endpoint.startsWith("unix://"))
    throw new CliError(
      `flag --use-api-socket can only be used with unix sockets: docker endpoint ${endpoint} incompatible`,
    );
  const { config, host } = options;
  const Mounts = [
    ...((host.Mounts as readonly unknown[] | undefined) ?? []),
    { Type: "bind", Source: endpoint.slice("unix://".length), Target: "/var/run/docker.sock", BindOptions: {} },
  ];
  const mounted = { ...options, host: { ...host, Mounts } };
  const environment = (config.Env as readonly string[] | null) ?? [];
  // Whoever names a configuration is taken to know what is in it.
  const auths = environment.some((line) => line.startsWith("DOCKER_CONFIG=")) ? [] : await credentials(context);
  if (auths.length === 0) return { options: mounted, inject: async () => undefined };
  const directory = configFile.slice(0, configFile.lastIndexOf("/"));
  return {
    options: { ...mounted, config: { ...config, Env: [...environment, `DOCKER_CONFIG=${directory}`] } },
    inject: (container) => copyConfig(context, container, auths),
  };
}

async function credentials(context: Context): Promise<readonly AuthConfig[]> {
  try {
    return await allAuth(context);
  } catch (cause) {
    throw new CliError(`resolving credentials failed: ${messageOf(cause)}`, 1, { cause });
  }
}

async function copyConfig({ client }: Context, container: string, auths: readonly AuthConfig[]): Promise<void> {
  const entries = auths.map(({ serveraddress, username = "", password = "", identitytoken }) => [
    serveraddress,
    { ...encodeEntry(username, password), ...(identitytoken !== undefined && { identitytoken }) },
  ]);
  const text = JSON.stringify({ auths: Object.fromEntries(entries) }, null, "\t");
  const archive = tarBytes([{ path: configFile, data: new TextEncoder().encode(text), mode: 0o600 }]);
  try {
    await client.call("PUT", `/containers/${segment(container)}/archive`, {
      query: { path: "/", noOverwriteDirNonDir: "true" },
      headers: { "content-type": "application/x-tar" },
      stream: new Blob([archive as Uint8Array<ArrayBuffer>]).stream(),
    });
  } catch (cause) {
    throw new CliError(
      `injecting docker config.json into container failed: copying config.json into container failed: ${messageOf(cause)}`,
      1,
      { cause },
    );
  }
}
