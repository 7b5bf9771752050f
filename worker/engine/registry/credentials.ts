/** Credentials that a client sends with a request: the X-Registry-Auth header, and the body of `POST /auth`. */
import { EngineError } from "../errors.ts";

/** Schema AuthConfig. */
export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly serveraddress?: string;
  /** An OAuth2 refresh token. */
  readonly identitytoken?: string;
  /** A bearer token to be sent as it is. */
  readonly registrytoken?: string;
}

/** Decodes the header: base64url of JSON. Broken ones count as none, as in moby. */
export function decodeCredentials(header: string | undefined): Credentials | undefined {
  if (header === undefined || header === "") return undefined;
  try {
    const bytes = Uint8Array.from(atob(header.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    return readCredentials(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
}

export function readCredentials(value: unknown): Credentials {
  if (typeof value !== "object" || value === null)
    throw new EngineError("invalidParameter", "invalid auth configuration");
  const out: Record<string, string> = {};
  for (const key of ["username", "password", "serveraddress", "identitytoken", "registrytoken"]) {
    const field = (value as Record<string, unknown>)[key];
    if (typeof field === "string" && field !== "") out[key] = field;
  }
  // `auth` is username and password in one, as config.json keeps them.
  const { auth } = value as { auth?: unknown };
  if (typeof auth === "string" && auth !== "" && out.username === undefined) {
    const text = new TextDecoder().decode(Uint8Array.from(atob(auth), (c) => c.charCodeAt(0)));
    const colon = text.indexOf(":");
    if (colon > 0) {
      out.username = text.slice(0, colon);
      out.password = text.slice(colon + 1);
    }
  }
  return out;
}

export function basicAuthorization(credentials: Credentials | undefined): string | undefined {
  if (credentials?.username === undefined || credentials.password === undefined) return undefined;
  const bytes = new TextEncoder().encode(`${credentials.username}:${credentials.password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
