/** Credentials of registries, as `docker login` stores them and as the API takes them. */
import { authKeyOf, hubAuthKey, normalizedReference } from "../image/reference.ts";
import type { AuthEntry, ConfigFile } from "./config-file.ts";

export interface AuthConfig {
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly serveraddress: string;
}

const toBase64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const fromBase64 = (text: string): string =>
  new TextDecoder().decode(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));

export const encodeEntry = (username: string, password: string): AuthEntry => ({
  auth: toBase64(`${username}:${password}`),
});

export function authFor(config: ConfigFile, key: string): AuthConfig | undefined {
  const entry = config.auths?.[key] ?? Object.entries(config.auths ?? {}).find(([name]) => hostname(name) === key)?.[1];
  if (entry === undefined) return undefined;
  const pair = entry.auth === undefined ? "" : fromBase64(entry.auth);
  const at = pair.indexOf(":");
  return {
    ...(at >= 0 && { username: pair.slice(0, at), password: pair.slice(at + 1).replace(/\0+$/, "") }),
    ...(entry.identitytoken !== undefined && { identitytoken: entry.identitytoken }),
    serveraddress: key,
  };
}
const hostname = (address: string): string => address.replace(/^https?:\/\//, "").replace(/\/.*$/, "");

/** The X-Registry-Auth header: base64url of the JSON. */
export const encodeAuth = (auth: object): string =>
  toBase64(JSON.stringify(auth)).replaceAll("+", "-").replaceAll("/", "_");

export function authHeader(config: ConfigFile, image: string): Readonly<Record<string, string>> {
  const key = authKeyOf(normalizedReference(image));
  return { "x-registry-auth": encodeAuth(authFor(config, key) ?? {}) };
}
/** All credentials, for builds. */
export const allAuth = (config: ConfigFile): Readonly<Record<string, AuthConfig>> =>
  Object.fromEntries(
    Object.keys(config.auths ?? {}).flatMap((key) => {
      const auth = authFor(config, key);
      return auth === undefined ? [] : [[key, auth]];
    }),
  );
export { hubAuthKey };
