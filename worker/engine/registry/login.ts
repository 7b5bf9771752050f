/** Checks credentials against a registry, as `docker login` asks the engine to (moby, registry/auth.go). */
import { EngineError } from "../errors.ts";
import { Authorizer } from "./authorizer.ts";
import type { Credentials } from "./credentials.ts";
import type { Registries } from "./endpoints.ts";
import { RegistryError, RegistryUnreachable } from "./registry-error.ts";

/** The address that clients send for Docker Hub. */
const hubAddresses = new Set([
  "",
  "https://index.docker.io/v1/",
  "index.docker.io",
  "docker.io",
  "registry-1.docker.io",
]);

export async function checkLogin(
  registries: Registries,
  credentials: Credentials,
  signal?: AbortSignal,
): Promise<{ readonly status: string; readonly identityToken: string }> {
  const address = credentials.serveraddress ?? "";
  const domain = hubAddresses.has(address) ? "docker.io" : address.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  const endpoint = registries.registry(domain);
  const url = `${endpoint.base}/v2/`;
  const authorizer = new Authorizer(endpoint.fetch, credentials);
  const ask = async (): Promise<Response> => {
    try {
      return await endpoint.fetch(url, { headers: authorizer.headers(), ...(signal === undefined ? {} : { signal }) });
    } catch (cause) {
      throw new EngineError("system", new RegistryUnreachable("GET", url, cause).message, { cause });
    }
  };
  let response = await ask();
  try {
    if (response.status === 401 && (await authorizer.answer(response, undefined, signal))) response = await ask();
  } catch (cause) {
    if (cause instanceof RegistryError)
      throw new EngineError(
        cause.status === 401 ? "unauthorized" : "system",
        `Get ${JSON.stringify(url)}: ${cause.message}`,
        { cause },
      );
    if (cause instanceof RegistryUnreachable) throw new EngineError("system", cause.message, { cause });
    throw cause;
  }
  if (!response.ok)
    throw new EngineError(
      response.status === 401 ? "unauthorized" : "system",
      `login attempt to ${url} failed with status: ${response.status} ${response.statusText || "Unauthorized"}`,
    );
  return { status: "Login Succeeded", identityToken: "" };
}
