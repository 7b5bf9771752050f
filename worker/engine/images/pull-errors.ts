/** Errors of pulls in Docker's words (moby, distribution/errors.go). */
import { EngineError } from "../errors.ts";
import { NoCredentials, RegistryError, RegistryUnreachable } from "../registry/registry-error.ts";
import { familiarName, familiarString, type Reference } from "./reference.ts";

export function pullError(error: unknown, reference: Reference): unknown {
  if (error instanceof RegistryUnreachable) return new EngineError("system", error.message, { cause: error });
  if (error instanceof NoCredentials) {
    const target = `${reference.domain}/v2/${reference.path}/manifests/${reference.digest ?? reference.tag}`;
    return new EngineError("system", `Head ${JSON.stringify(`https://${target}`)}: ${error.message}`, { cause: error });
  }
  if (!(error instanceof RegistryError)) return error;
  const options = { cause: error, resource: familiarString(reference) };
  switch (error.code) {
    case "DENIED":
      return new EngineError(
        "notFound",
        `pull access denied for ${familiarName(reference)}, repository does not exist or may require 'docker login': ${error.message}`,
        options,
      );
    case "MANIFEST_UNKNOWN":
      return new EngineError(
        "notFound",
        `manifest for ${familiarString(reference)} not found: ${error.message}`,
        options,
      );
    case "NAME_UNKNOWN":
      return new EngineError("notFound", `repository ${familiarName(reference)} not found: ${error.message}`, options);
    case "UNAUTHORIZED":
      return new EngineError("unauthorized", error.message, options);
    default:
      return new EngineError("system", error.message, options);
  }
}

/** Whether another endpoint may have what this one refused. */
export const mayBeElsewhere = (error: unknown): boolean =>
  error instanceof RegistryUnreachable ||
  error instanceof RegistryError ||
  error instanceof NoCredentials ||
  isNoMatch(error);

/** No manifest of the index is for this machine's platform. */
export class NoMatchingPlatform extends EngineError {}

export const isNoMatch = (error: unknown): error is NoMatchingPlatform => error instanceof NoMatchingPlatform;
