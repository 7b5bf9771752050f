/** What versions of the API differ in, for containers (moby, api/server/router/container: handleMACAddressBC and the like). */
import { EngineError } from "../../engine/errors.ts";
import { compareVersions } from "../router.ts";

type Json = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});
const invalid = (message: string): EngineError => new EngineError("invalidParameter", message);

/** Warnings about endpoints, or the refusal of what a version does not have. */
export function endpointWarnings(body: unknown, version: string): readonly string[] {
  const { MacAddress, HostConfig, NetworkingConfig } = fieldsOf(body);
  const endpoints = fieldsOf(fieldsOf(NetworkingConfig).EndpointsConfig);
  const mode = String(fieldsOf(HostConfig).NetworkMode || "default");
  if (compareVersions(version, "1.44") < 0) {
    const names = Object.keys(endpoints);
    if (names.length > 1)
      throw invalid(`Container cannot be created with multiple network endpoints: ${names.join(", ")}`);
    return [];
  }
  if (typeof MacAddress !== "string" || MacAddress === "") return [];
  const main = fieldsOf(endpoints[mode] ?? (mode === "default" ? endpoints.bridge : undefined)).MacAddress;
  if (typeof main === "string" && main !== "" && main !== MacAddress)
    throw invalid(
      "the container-wide MAC address must match the endpoint-specific MAC address for the main network, or be left empty",
    );
  return ["The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead."];
}

/** Before 1.40 other containers may join a new one's IPC namespace unless it is said otherwise. */
export function creationFor(body: unknown, version: string): unknown {
  if (compareVersions(version, "1.40") >= 0 || typeof body !== "object" || body === null) return body;
  const { HostConfig } = body as Json;
  const host = fieldsOf(HostConfig);
  return { ...body, HostConfig: { ...host, IpcMode: host.IpcMode || "shareable" } };
}

/** A summary's annotations are new in 1.46. */
export function withoutAnnotations(summary: object): object {
  const { HostConfig, ...rest } = summary as { readonly HostConfig?: Json };
  const { Annotations: _, ...host } = HostConfig ?? {};
  return { ...rest, HostConfig: host };
}

/** The limit of processes can be updated since 1.40. */
export function updateFor(body: unknown, version: string): unknown {
  if (compareVersions(version, "1.40") >= 0 || typeof body !== "object" || body === null) return body;
  const { PidsLimit: _, ...rest } = body as Json;
  return rest;
}
