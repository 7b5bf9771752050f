/**
 * The notary beside a registry (Docker Content Trust): which one is asked for a repository, and what it says. No notary is within
 * reach of the playground; a repository that one of them did sign is more than this client reads.
 */
import { fullName, type Reference } from "../image/reference.ts";
import type { Context } from "../session/context.ts";
import { CliError } from "../session/errors.ts";

const hubNotary = "https://notary.docker.io";

export type TrustData =
  | { readonly kind: "unreachable"; readonly reason: string }
  | { readonly kind: "missing" }
  | { readonly kind: "present" };

/** trust.Server: DOCKER_CONTENT_TRUST_SERVER, Docker's own for the Hub, the registry's host for others. */
export function notaryOf({ invocation }: Context, { domain }: Reference): string {
  const given = invocation.env.DOCKER_CONTENT_TRUST_SERVER ?? "";
  if (given === "") return domain === "docker.io" ? hubNotary : `https://${domain}`;
  if (!/^https:\/\//i.test(given)) throw new CliError(`valid https URL required for trust server, got ${given}`);
  return given.replace(/\/+$/, "");
}

export async function trustData(context: Context, reference: Reference): Promise<TrustData> {
  const server = notaryOf(context, reference);
  const { domain, path } = reference;
  const url = `${server}/v2/${fullName({ domain, path, tag: undefined, digest: undefined })}/_trust/tuf/root.json`;
  try {
    const response = await context.fetch(url, { signal: context.signal });
    await response.body?.cancel();
    return { kind: response.ok ? "present" : "missing" };
  } catch (error) {
    if (context.signal.aborted) throw context.signal.reason;
    return { kind: "unreachable", reason: reasonOf(error, new URL(server)) };
  }
}

/** Go's words where the cause is known: a browser tells none, and then no name was found as far as anybody can tell. */
function reasonOf(error: unknown, { host, hostname, port }: URL): string {
  let cause: unknown = error;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ECONNREFUSED") return `dial tcp ${port === "" ? `${host}:443` : host}: connect: connection refused`;
  return `dial tcp: lookup ${hostname}: no such host`;
}

/** Signing needs keys, roles and their history at the notary: what this client does not write. */
export const cannotWrite = (repository: string): CliError =>
  new CliError(`trust data for ${repository} cannot be written by this client`);
