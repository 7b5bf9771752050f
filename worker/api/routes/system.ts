/** Operations of the tag System, but for events (./events.ts). */
import { EngineError } from "../../engine/errors.ts";
import type { SystemService } from "../../engine/system/index.ts";
import { json } from "../respond.ts";
import { apiVersion, compareVersions, minimumApiVersion, type Route } from "../router.ts";
import type { ApiResponse } from "../transport.ts";

/** Checks credentials against a registry; answers the status text, throws unauthorized. */
export interface Authenticator {
  login(request: {
    readonly username?: string;
    readonly password?: string;
    readonly serveraddress?: string;
    readonly identitytoken?: string;
  }): Promise<{ readonly status: string; readonly identityToken: string }>;
}

const dataTypes = ["container", "image", "volume", "build-cache"];

export interface Surroundings extends Authenticator {
  /** Whether the engine manages a swarm. */
  isManager(): boolean;
}

export function systemRoutes(system: SystemService, around: Surroundings): readonly Route[] {
  const ping = (text: string): ApiResponse => pingResponse(text, around.isManager() ? "active/manager" : "inactive");
  return [
    { method: "GET", path: "/_ping", operation: "SystemPing", handle: async () => ping("OK") },
    { method: "HEAD", path: "/_ping", operation: "SystemPingHead", handle: async () => ping("") },
    {
      method: "GET",
      path: "/version",
      operation: "SystemVersion",
      handle: async () => json(system.version(apiVersion, minimumApiVersion)),
    },
    {
      method: "GET",
      path: "/info",
      operation: "SystemInfo",
      handle: async ({ version }) => json(infoFor(system.info(), version)),
    },
    {
      method: "GET",
      path: "/system/df",
      operation: "SystemDataUsage",
      handle: async ({ query }) => {
        const types = query.all("type");
        const unknown = types.find((type) => !dataTypes.includes(type));
        if (unknown !== undefined) throw new EngineError("invalidParameter", `unknown object type: ${unknown}`);
        return json(await system.dataUsage(types));
      },
    },
    {
      method: "POST",
      path: "/auth",
      operation: "SystemAuth",
      handle: async (context) => {
        const body = await context.json();
        if (typeof body !== "object" || body === null) throw new EngineError("invalidParameter", "invalid JSON: EOF");
        const answer = await around.login(body);
        return json({ IdentityToken: answer.identityToken, Status: answer.status });
      },
    },
  ];
}

/** What newer versions of the API say in addition, and older ones said still. */
function infoFor(info: unknown, version: string): object {
  const { FirewallBackend, ...rest } = info as Readonly<Record<string, unknown>>;
  return {
    ...rest,
    ...(compareVersions(version, "1.49") < 0 ? {} : { FirewallBackend }),
    ...(compareVersions(version, "1.50") < 0 ? { BridgeNfIptables: false, BridgeNfIp6tables: false } : {}),
  };
}

function pingResponse(text: string, swarm: string): ApiResponse {
  return {
    status: 200,
    headers: {
      "api-version": apiVersion,
      "builder-version": "2",
      "cache-control": "no-cache, no-store, must-revalidate",
      "docker-experimental": "false",
      ostype: "linux",
      pragma: "no-cache",
      swarm,
    },
    body: { kind: "text", text },
  };
}
