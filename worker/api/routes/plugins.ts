/** Plugin operations, as an engine without plugins answers them. */
import { EngineError } from "../../engine/errors.ts";
import { booleanFilter, checkFilters, type Filters } from "../../engine/filter-args.ts";
import { json } from "../respond.ts";
import type { Route } from "../router.ts";
import type { ApiResponse } from "../transport.ts";

type Entry = readonly [method: Route["method"], path: string, operation: string];

const ofOnePlugin: readonly Entry[] = [
  ["GET", "/plugins/{name...}/json", "PluginInspect"],
  ["POST", "/plugins/{name...}/enable", "PluginEnable"],
  ["POST", "/plugins/{name...}/disable", "PluginDisable"],
  ["POST", "/plugins/{name...}/upgrade", "PluginUpgrade"],
  ["POST", "/plugins/{name...}/push", "PluginPush"],
  ["POST", "/plugins/{name...}/set", "PluginSet"],
  ["DELETE", "/plugins/{name...}", "PluginDelete"],
];
const installing: readonly Entry[] = [
  ["GET", "/plugins/privileges", "GetPluginPrivileges"],
  ["POST", "/plugins/pull", "PluginPull"],
  ["POST", "/plugins/create", "PluginCreate"],
];

function list(filters: Filters): ApiResponse {
  checkFilters(filters, ["enabled", "capability"]);
  booleanFilter(filters, "enabled");
  return json([]);
}

export function pluginRoutes(): readonly Route[] {
  return [
    { method: "GET", path: "/plugins", operation: "PluginList", handle: async ({ query }) => list(query.filters()) },
    ...installing.map(([method, path, operation]) => ({
      method,
      path,
      operation,
      handle: async () => {
        throw new EngineError("notImplemented", "plugins are not supported: they are programs for another processor");
      },
    })),
    ...ofOnePlugin.map(([method, path, operation]) => ({
      method,
      path,
      operation,
      handle: async ({ params }: { readonly params: Readonly<Record<string, string>> }) => {
        throw new EngineError("notFound", `plugin ${JSON.stringify(params.name)} not found`);
      },
    })),
  ];
}
