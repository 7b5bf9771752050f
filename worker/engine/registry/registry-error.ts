import { EngineError } from "../errors.ts";
import { bodyJson } from "./answer-body.ts";

/** What a registry refused, in the words of docker/distribution's errcode: "manifest unknown: manifest unknown". */
export type RegistryErrorCode =
  | "UNAUTHORIZED"
  | "DENIED"
  | "MANIFEST_UNKNOWN"
  | "MANIFEST_INVALID"
  | "NAME_UNKNOWN"
  | "NAME_INVALID"
  | "BLOB_UNKNOWN"
  | "BLOB_UPLOAD_INVALID"
  | "BLOB_UPLOAD_UNKNOWN"
  | "DIGEST_INVALID"
  | "TAG_INVALID"
  | "TOOMANYREQUESTS"
  | "UNSUPPORTED"
  | "UNKNOWN";

/** Messages of errcode's descriptors, for registries that send none and for static ones. */
const defaultMessages: Readonly<Partial<Record<RegistryErrorCode, string>>> = {
  UNAUTHORIZED: "authentication required",
  DENIED: "requested access to the resource is denied",
  MANIFEST_UNKNOWN: "manifest unknown",
  NAME_UNKNOWN: "repository name not known to registry",
  BLOB_UNKNOWN: "blob unknown to registry",
  TOOMANYREQUESTS: "too many requests",
};

export class RegistryError extends Error {
  override readonly name = "RegistryError";
  readonly code: RegistryErrorCode;
  readonly status: number;
  constructor(code: RegistryErrorCode, status: number, message = defaultMessages[code] ?? "unknown error") {
    super(`${code.toLowerCase().replaceAll("_", " ")}: ${message}`);
    this.code = code;
    this.status = status;
  }
}

/** The registry could not be reached at all. The text is that of Go's net/http. */
export class RegistryUnreachable extends Error {
  override readonly name = "RegistryUnreachable";
  constructor(method: string, url: string, cause: unknown) {
    const verb = method.slice(0, 1) + method.slice(1).toLowerCase();
    // A host that no URL can have (256.1.1.1) is a name that nobody has.
    const reason = URL.canParse(url) ? reasonOf(cause) : `dial tcp: lookup ${hostOf(url)}: no such host`;
    super(`${verb} ${JSON.stringify(url)}: ${reason}`, { cause });
  }
}

/** The registry wants a password and none was given. */
export class NoCredentials extends Error {
  override readonly name = "NoCredentials";
  constructor() {
    super("no basic auth credentials");
  }
}

const hostOf = (url: string): string => /^\w+:\/\/([^/:]+)/.exec(url)?.[1] ?? url;

/** fetch hides the reason in `cause` ("fetch failed"); its innermost message says most. What Node says is put in Go's words. */
function reasonOf(error: unknown): string {
  let reason = error;
  while (reason instanceof Error && !(reason instanceof EngineError) && reason.cause instanceof Error)
    reason = reason.cause;
  const text = reason instanceof Error ? reason.message : String(reason);
  return text
    .replace(/^connect ECONNREFUSED (\S+)$/, "dial tcp $1: connect: connection refused")
    .replace(/^getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (\S+)$/, "dial tcp: lookup $1: no such host");
}

/** The first error of an answer's `{"errors":[…]}`, or one that suits its status. */
export async function errorOf(response: Response, absent: RegistryErrorCode): Promise<RegistryError> {
  // A token that does not cover the repository: docker/distribution's client calls that denied, whatever the body says.
  if (response.status === 401 && /error="insufficient_scope"/.test(response.headers.get("www-authenticate") ?? ""))
    return new RegistryError("DENIED", 401);
  // Anything but the distribution specification's JSON comes from a static host, or a proxy.
  const said = (await bodyJson(response).catch(() => undefined)) as { errors?: unknown } | null | undefined;
  const first = Array.isArray(said?.errors) ? (said.errors[0] as { code?: unknown; message?: unknown } | null) : null;
  if (typeof first?.code === "string") {
    const message = typeof first.message === "string" && first.message !== "" ? first.message : undefined;
    return new RegistryError(first.code as RegistryErrorCode, response.status, message);
  }
  switch (response.status) {
    case 401:
      return new RegistryError("UNAUTHORIZED", 401);
    case 403:
      return new RegistryError("DENIED", 403);
    case 404:
      return new RegistryError(absent, 404);
    case 429:
      return new RegistryError("TOOMANYREQUESTS", 429);
    default:
      return new RegistryError("UNKNOWN", response.status, `received unexpected HTTP status: ${response.status}`);
  }
}
