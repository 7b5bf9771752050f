/** Credentials of registries, as `docker login` stores them and as the API takes them. */
import { authKeyOf, hubAuthKey, normalizedReference } from "../image/reference.ts";
import type { Context } from "../session/context.ts";
import type { AuthConfig, AuthEntry, ConfigFile } from "./config-file.ts";
import { credentialHelperFor, getFromHelper, listHelper } from "./credential-helper.ts";

/** What credentials are looked up with. */
export type AuthContext = Pick<Context, "config" | "invocation">;

const toBase64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const fromBase64 = (text: string): string =>
  new TextDecoder().decode(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));

export const encodeEntry = (username: string, password: string): AuthEntry => ({
  auth: toBase64(`${username}:${password}`),
});

/** From the helper that the configuration names, else from the configuration itself. A helper's failure rejects. */
export async function findAuth({ config, invocation }: AuthContext, key: string): Promise<AuthConfig | undefined> {
  const helper = credentialHelperFor(config, key);
  return helper === undefined ? storedAuth(config, key) : await getFromHelper(invocation, helper, key);
}

/** As {@link findAuth}; for requests that are worth a try without credentials. */
export const authFor = (context: AuthContext, key: string): Promise<AuthConfig | undefined> =>
  findAuth(context, key).catch(() => undefined);

function storedAuth(config: ConfigFile, key: string): AuthConfig | undefined {
  const entry =
    config.auths?.[key] ?? Object.entries(config.auths ?? {}).find(([name]) => hostnameOf(name) === key)?.[1];
  if (entry === undefined) return undefined;
  const pair = entry.auth === undefined ? "" : fromBase64(entry.auth);
  const at = pair.indexOf(":");
  return {
    ...(at >= 0 && { username: pair.slice(0, at), password: pair.slice(at + 1).replace(/\0+$/, "") }),
    ...(entry.identitytoken !== undefined && { identitytoken: entry.identitytoken }),
    serveraddress: key,
  };
}

/** credentials.ConvertToHostname: without protocol and path. */
export const hostnameOf = (address: string): string => address.replace(/^https?:\/\//, "").replace(/\/.*$/, "");

/** The X-Registry-Auth header: base64url of the JSON. */
export const encodeAuth = (auth: object): string =>
  toBase64(JSON.stringify(auth)).replaceAll("+", "-").replaceAll("/", "_");

export async function authHeader(context: AuthContext, image: string): Promise<Readonly<Record<string, string>>> {
  const key = authKeyOf(normalizedReference(image));
  return { "x-registry-auth": encodeAuth((await authFor(context, key)) ?? {}) };
}

/** All credentials: of the helpers for everything that they and the configuration know, and of the configuration itself. */
export async function allAuth(context: AuthContext): Promise<readonly AuthConfig[]> {
  const { config, invocation } = context;
  const { auths = {}, credHelpers = {}, credsStore = "" } = config;
  const stored =
    credsStore === "" ? Object.keys(auths) : await listHelper(invocation, `docker-credential-${credsStore}`);
  const found = await Promise.all(
    [...new Set([...stored, ...Object.keys(credHelpers)])].map((server) => findAuth(context, server)),
  );
  return found.filter((auth) => auth !== undefined);
}
export { hubAuthKey };
