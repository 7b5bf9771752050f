/**
 * Answers a registry's authentication challenge: Basic, or a bearer token from the service that the challenge names
 * (distribution specification, docs/spec/auth/token.md and oauth.md).
 */
import { EngineError } from "../errors.ts";
import type { Fetch } from "../ports/host.ts";
import { bodyJson } from "./answer-body.ts";
import { basicAuthorization, type Credentials } from "./credentials.ts";
import { errorOf, NoCredentials, RegistryUnreachable } from "./registry-error.ts";

interface Challenge {
  readonly scheme: "basic" | "bearer";
  readonly parameters: Readonly<Record<string, string>>;
}

export class Authorizer {
  readonly #fetch: Fetch;
  readonly #credentials: Credentials | undefined;
  #header: string | undefined;

  constructor(fetch: Fetch, credentials: Credentials | undefined) {
    this.#fetch = fetch;
    this.#credentials = credentials;
    if (credentials?.registrytoken !== undefined) this.#header = `Bearer ${credentials.registrytoken}`;
  }

  /** Headers for the next request. */
  headers(): Record<string, string> {
    return this.#header === undefined ? {} : { authorization: this.#header };
  }

  /** After a 401: true when another attempt makes sense. */
  async answer(response: Response, scope: string | undefined, signal: AbortSignal | undefined): Promise<boolean> {
    const challenge = parseChallenge(response.headers.get("www-authenticate") ?? "");
    const before = this.#header;
    if (challenge === undefined) return false;
    if (challenge.scheme === "basic" && basicAuthorization(this.#credentials) === undefined) throw new NoCredentials();
    this.#header =
      challenge.scheme === "basic"
        ? basicAuthorization(this.#credentials)
        : `Bearer ${await this.#token(challenge.parameters, scope, signal)}`;
    return this.#header !== undefined && this.#header !== before;
  }

  async #token(
    parameters: Readonly<Record<string, string>>,
    scope: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const { realm, service } = parameters;
    if (realm === undefined || !URL.canParse(realm))
      throw new EngineError("system", "invalid token auth challenge realm: no URL");
    const wanted = new URLSearchParams();
    if (service !== undefined) wanted.set("service", service);
    for (const part of new Set([scope, parameters.scope])) if (part !== undefined) wanted.append("scope", part);
    const response = await this.#request(realm, wanted, signal);
    if (!response.ok) throw await errorOf(response, "UNAUTHORIZED");
    const answer = (await bodyJson(response, signal).catch(() => undefined)) as
      | { token?: unknown; access_token?: unknown }
      | null
      | undefined;
    const token = answer?.token ?? answer?.access_token;
    if (typeof token !== "string" || token === "")
      throw new EngineError("system", "authorization server did not include a token in the response");
    return token;
  }

  async #request(realm: string, wanted: URLSearchParams, signal: AbortSignal | undefined): Promise<Response> {
    const common = signal === undefined ? {} : { signal };
    const refresh = this.#credentials?.identitytoken;
    try {
      if (refresh !== undefined) {
        wanted.set("grant_type", "refresh_token");
        wanted.set("refresh_token", refresh);
        wanted.set("client_id", "docker");
        const headers = { "content-type": "application/x-www-form-urlencoded" };
        return await this.#fetch(realm, { method: "POST", headers, body: wanted.toString(), ...common });
      }
      const basic = basicAuthorization(this.#credentials);
      if (this.#credentials?.username !== undefined) wanted.set("account", this.#credentials.username);
      const url = `${realm}${realm.includes("?") ? "&" : "?"}${wanted}`;
      return await this.#fetch(url, { headers: basic === undefined ? {} : { authorization: basic }, ...common });
    } catch (cause) {
      throw new RegistryUnreachable("GET", realm, cause);
    }
  }
}

/** RFC 9110, 11.6.1, one challenge. */
function parseChallenge(header: string): Challenge | undefined {
  const scheme = /^\s*(basic|bearer)\b/i.exec(header)?.[1]?.toLowerCase();
  if (scheme !== "basic" && scheme !== "bearer") return undefined;
  const parameters: Record<string, string> = {};
  for (const [, key, quoted, plain] of header.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g))
    if (key !== undefined) parameters[key.toLowerCase()] = quoted ?? plain ?? "";
  return { scheme, parameters };
}
