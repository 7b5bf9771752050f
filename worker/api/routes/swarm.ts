/** Swarm, node, service, task, secret and config operations, as an engine outside a swarm answers them. */
import { EngineError } from "../../engine/errors.ts";
import type { Route } from "../router.ts";

const notManager =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';

type Entry = readonly [method: Route["method"], path: string, operation: string];

const managerOnly: readonly Entry[] = [
  ["GET", "/swarm", "SwarmInspect"],
  ["POST", "/swarm/update", "SwarmUpdate"],
  ["GET", "/swarm/unlockkey", "SwarmUnlockkey"],
  ["POST", "/swarm/unlock", "SwarmUnlock"],
  ["GET", "/nodes", "NodeList"],
  ["GET", "/nodes/{id}", "NodeInspect"],
  ["DELETE", "/nodes/{id}", "NodeDelete"],
  ["POST", "/nodes/{id}/update", "NodeUpdate"],
  ["GET", "/services", "ServiceList"],
  ["POST", "/services/create", "ServiceCreate"],
  ["GET", "/services/{id}", "ServiceInspect"],
  ["DELETE", "/services/{id}", "ServiceDelete"],
  ["POST", "/services/{id}/update", "ServiceUpdate"],
  ["GET", "/services/{id}/logs", "ServiceLogs"],
  ["GET", "/tasks", "TaskList"],
  ["GET", "/tasks/{id}", "TaskInspect"],
  ["GET", "/tasks/{id}/logs", "TaskLogs"],
  ["GET", "/secrets", "SecretList"],
  ["POST", "/secrets/create", "SecretCreate"],
  ["GET", "/secrets/{id}", "SecretInspect"],
  ["DELETE", "/secrets/{id}", "SecretDelete"],
  ["POST", "/secrets/{id}/update", "SecretUpdate"],
  ["GET", "/configs", "ConfigList"],
  ["POST", "/configs/create", "ConfigCreate"],
  ["GET", "/configs/{id}", "ConfigInspect"],
  ["DELETE", "/configs/{id}", "ConfigDelete"],
  ["POST", "/configs/{id}/update", "ConfigUpdate"],
];

function refuse([method, path, operation]: Entry, message: string): Route {
  return {
    method,
    path,
    operation,
    handle: async () => {
      throw new EngineError("unavailable", message);
    },
  };
}

export function swarmRoutes(): readonly Route[] {
  return [
    ...managerOnly.map((entry) => refuse(entry, notManager)),
    refuse(["POST", "/swarm/leave", "SwarmLeave"], "This node is not part of a swarm"),
    refuse(["POST", "/swarm/init", "SwarmInit"], "swarm mode is not available: this engine is a single host"),
    refuse(["POST", "/swarm/join", "SwarmJoin"], "swarm mode is not available: this engine is a single host"),
  ];
}
