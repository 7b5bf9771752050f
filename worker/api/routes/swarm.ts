/** Swarm, node, secret, config, service and task operations of the Engine API. */
import { EngineError } from "../../engine/errors.ts";
import type { Swarm } from "../../engine/swarm/index.ts";
import { readVersion } from "../../engine/swarm/requests.ts";
import { json, noContent } from "../respond.ts";
import type { Route, RouteContext } from "../router.ts";
import type { ApiResponse } from "../transport.ts";

const done: ApiResponse = { status: 200, headers: {}, body: { kind: "empty" } };
const id = (context: RouteContext): string => context.params.id ?? "";

export function swarmRoutes(swarm: Swarm): readonly Route[] {
  return [
    { method: "GET", path: "/swarm", operation: "SwarmInspect", handle: async () => json(swarm.inspect()) },
    {
      method: "POST",
      path: "/swarm/init",
      operation: "SwarmInit",
      handle: async (context) => json(await swarm.init(await context.json())),
    },
    {
      method: "POST",
      path: "/swarm/join",
      operation: "SwarmJoin",
      handle: async (context) => swarm.join(await context.json()),
    },
    {
      method: "POST",
      path: "/swarm/leave",
      operation: "SwarmLeave",
      handle: async ({ query }) => {
        await swarm.leave(query.boolean("force"));
        return done;
      },
    },
    {
      method: "POST",
      path: "/swarm/update",
      operation: "SwarmUpdate",
      handle: async (context) => {
        const { query } = context;
        const version = readVersion("swarm", query.string("version"));
        const rotate = [
          ...(query.boolean("rotateWorkerToken") ? ["worker"] : []),
          ...(query.boolean("rotateManagerToken") ? ["manager"] : []),
          ...(query.boolean("rotateManagerUnlockKey") ? ["unlockKey"] : []),
        ];
        await swarm.update(version, await context.json(), rotate);
        return done;
      },
    },
    {
      method: "GET",
      path: "/swarm/unlockkey",
      operation: "SwarmUnlockkey",
      handle: async () => json({ UnlockKey: swarm.unlockKey() }),
    },
    { method: "POST", path: "/swarm/unlock", operation: "SwarmUnlock", handle: async () => swarm.unlock() },
    {
      method: "GET",
      path: "/nodes",
      operation: "NodeList",
      handle: async ({ query }) => json(swarm.nodes(query.filters())),
    },
    {
      method: "GET",
      path: "/nodes/{id}",
      operation: "NodeInspect",
      handle: async (context) => json(swarm.node(id(context))),
    },
    {
      method: "DELETE",
      path: "/nodes/{id}",
      operation: "NodeDelete",
      handle: async (context) => swarm.removeNode(id(context)),
    },
    {
      method: "POST",
      path: "/nodes/{id}/update",
      operation: "NodeUpdate",
      handle: async (context) => {
        const version = readVersion("node", context.query.string("version"));
        await swarm.updateNode(id(context), version, await context.json());
        return done;
      },
    },
    ...dataRoutes("secret", "Secret", swarm),
    ...dataRoutes("config", "Config", swarm),
  ];
}

function dataRoutes(kind: "secret" | "config", name: "Secret" | "Config", swarm: Swarm): readonly Route[] {
  const objects = () => swarm[`${kind}s`];
  return [
    {
      method: "GET",
      path: `/${kind}s`,
      operation: `${name}List`,
      handle: async ({ query }) => json(objects().list(query.filters())),
    },
    {
      method: "POST",
      path: `/${kind}s/create`,
      operation: `${name}Create`,
      handle: async (context) => json({ ID: await objects().create(await context.json()) }, 201),
    },
    {
      method: "GET",
      path: `/${kind}s/{id}`,
      operation: `${name}Inspect`,
      handle: async (context) => json(objects().inspect(id(context))),
    },
    {
      method: "DELETE",
      path: `/${kind}s/{id}`,
      operation: `${name}Delete`,
      handle: async (context) => {
        await objects().remove(id(context));
        return noContent();
      },
    },
    {
      method: "POST",
      path: `/${kind}s/{id}/update`,
      operation: `${name}Update`,
      handle: async (context) => {
        const version = readVersion(kind, context.query.string("version"));
        await objects().update(id(context), version, await context.json());
        return done;
      },
    },
  ];
}

/** What a swarm without services answers; none can be made in this one. */
export function serviceRoutes(swarm: Swarm): readonly Route[] {
  const none = (path: string, operation: string): Route => ({
    method: "GET",
    path,
    operation,
    handle: async ({ query }) => {
      swarm.nodes({});
      const known = operation === "ServiceList" ? serviceFilters : taskFilters;
      const wrong = Object.keys(query.filters()).find((name) => !known.includes(name));
      if (wrong !== undefined) throw new EngineError("invalidParameter", `invalid filter '${wrong}'`);
      return json([]);
    },
  });
  const absent = (method: Route["method"], path: string, operation: string, kind: "service" | "task"): Route => ({
    method,
    path,
    operation,
    handle: async (context) => {
      swarm.nodes({});
      throw new EngineError("notFound", `${kind} ${id(context)} not found`);
    },
  });
  return [
    none("/services", "ServiceList"),
    {
      method: "POST",
      path: "/services/create",
      operation: "ServiceCreate",
      handle: async () => {
        swarm.nodes({});
        throw new EngineError(
          "notImplemented",
          "services do not run on this engine: use containers, or docker compose",
        );
      },
    },
    absent("GET", "/services/{id}", "ServiceInspect", "service"),
    absent("DELETE", "/services/{id}", "ServiceDelete", "service"),
    absent("POST", "/services/{id}/update", "ServiceUpdate", "service"),
    absent("GET", "/services/{id}/logs", "ServiceLogs", "service"),
    none("/tasks", "TaskList"),
    absent("GET", "/tasks/{id}", "TaskInspect", "task"),
    absent("GET", "/tasks/{id}/logs", "TaskLogs", "task"),
  ];
}

const serviceFilters = ["id", "label", "mode", "name", "runtime"];
const taskFilters = ["_up-to-date", "desired-state", "id", "label", "name", "node", "runtime", "service"];
