/**
 * Login at Docker Hub through a web browser: OAuth 2.0 device authorization (RFC 8628) with Docker's tenant, then an access token made
 * for this client, as docker/cli's internal/oauth does it.
 */

import { findAuth, hubAuthKey } from "../../config/auth.ts";
import type { AuthConfig } from "../../config/config-file.ts";
import { eraseCredentials, storeCredentials } from "../../config/credential-store.ts";
import { bold, note, underline } from "../../format/style.ts";
import type { Context } from "../../session/context.ts";
import { CliError, messageOf } from "../../session/errors.ts";
import { clientVersion } from "../../session/version.ts";

const tenant = "https://login.docker.com";
const audience = "https://hub.docker.com";
/** Docker's own number of its command line client: public, and told to whoever asks the client for it. */
const clientId = "L4v0dmlNBpYUjGGab0C2JtgTgXr1Qz4d";
const accessTokenKey = `${hubAuthKey}access-token`;
const refreshTokenKey = `${hubAuthKey}refresh-token`;

interface DeviceCode {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri_complete: string;
  /** Seconds. */
  readonly interval: number;
  readonly expires_in: number;
}
interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

/** Credentials for the Hub; nothing when the login could not even be started. */
export async function loginByDevice(context: Context): Promise<AuthConfig | undefined> {
  const { err } = context;
  const code = await post<DeviceCode>(context, "/oauth/device/code", {
    client_id: clientId,
    audience,
    scope: "openid offline_access",
  }).catch(() => undefined);
  if (code === undefined || (code.user_code ?? "") === "") return undefined;
  err.print(`${bold("\nUSING WEB-BASED LOGIN")}\n`);
  err.print(
    note("To sign in with credentials on the command line, use 'docker login -u <username>'\n", err.isTerminal),
  );
  err.print(`\nYour one-time device confirmation code is: ${bold(`${code.user_code}\n`)}`);
  const address = code.verification_uri_complete.split("?")[0];
  err.print(
    `${bold("Press ENTER")} to open your browser or submit your device code here: ${underline(`${address}\n`)}`,
  );
  err.print("\nWaiting for authentication in the browser…\n");
  await err.flush();
  const tokens = await waitForTokens(context, code).catch((cause: unknown) => {
    throw new CliError(
      context.signal.aborted ? "login canceled" : `failed waiting for authentication: ${messageOf(cause)}`,
      1,
      { cause },
    );
  });
  const username = usernameOf(tokens.access_token);
  await storeCredentials(context, { username, password: tokens.access_token, serveraddress: accessTokenKey });
  const refresh = `${tokens.refresh_token}..${clientId}`;
  await storeCredentials(context, { username, password: refresh, serveraddress: refreshTokenKey });
  return { username, password: await personalToken(context, tokens), serveraddress: hubAuthKey };
}

/** Takes back what a login by device stored; nothing happens where there was none. */
export async function logoutDevice(context: Context): Promise<void> {
  const stored = (await findAuth(context, refreshTokenKey))?.password ?? "";
  const [token, client, ...rest] = stored.split("..");
  if (token === undefined || client === undefined || rest.length > 0) return;
  for (const key of [accessTokenKey, refreshTokenKey]) await eraseCredentials(context, key);
  try {
    await post(context, "/oauth/revoke", { client_id: clientId, token });
  } catch (cause) {
    throw new CliError(
      `credentials erased successfully, but there was a failure to revoke the OAuth refresh token with the tenant: ${messageOf(cause)}`,
      1,
      { cause },
    );
  }
}

async function waitForTokens(context: Context, code: DeviceCode): Promise<Tokens> {
  const end = context.now() + code.expires_in * 1000;
  while (context.now() < end) {
    await context.after(code.interval * 1000);
    context.signal.throwIfAborted();
    const response = await send(context, "/oauth/token", {
      client_id: clientId,
      grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      device_code: code.device_code,
    });
    // Refused with 403 until the user has agreed: the body says which.
    const answer = (await response.json()) as Tokens & { readonly error?: string; readonly error_description?: string };
    if (answer.error === undefined) return answer;
    if (answer.error !== "authorization_pending") throw new Error(answer.error_description ?? answer.error);
  }
  throw new Error("timed out waiting for device token");
}

async function personalToken(context: Context, { access_token: token }: Tokens): Promise<string> {
  const response = await context.fetch(`${audience}/v2/access-tokens/desktop-generate`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
  });
  if (response.status !== 201)
    throw new CliError(`unexpected response from Hub: ${response.status} ${response.statusText}`);
  return ((await response.json()) as { readonly data: { readonly token: string } }).data.token;
}

/** From the claims of the token (RFC 7519), which the Hub checks and the client merely reads. */
function usernameOf(token: string): string {
  try {
    const claims = atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"));
    return (JSON.parse(claims) as Record<string, { readonly username: string }>)[audience]?.username ?? "";
  } catch (cause) {
    throw new CliError(`failed to parse token claims: ${messageOf(cause)}`, 1, { cause });
  }
}

async function post<T>(context: Context, path: string, form: Readonly<Record<string, string>>): Promise<T> {
  const response = await send(context, path, form);
  if (response.ok) return (await response.json().catch(() => undefined)) as T;
  const { error_description: why } = (await response.json().catch(() => ({}))) as { error_description?: string };
  throw new CliError(why ?? `unexpected response from tenant: ${response.status} ${response.statusText}`);
}

function send(context: Context, path: string, form: Readonly<Record<string, string>>): Promise<Response> {
  return context.fetch(`${tenant}${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "user-agent": `docker-cli:${clientVersion.Version.replaceAll(".", "_")}:${clientVersion.Os}-${clientVersion.Arch}`,
    },
    body: new URLSearchParams(form).toString(),
    signal: context.signal,
  });
}
