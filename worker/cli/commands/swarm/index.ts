/**
 * `docker swarm`, `node`, `service`, `stack`, `secret`, `config`: each asks the engine. An engine outside a swarm refuses, and its
 * words are what the user sees.
 */
export { init, join, joinToken, leave, swarmUpdate, unlock, unlockKey } from "./cluster.ts";
export { createData } from "./data.ts";
export { demote, nodeUpdate, promote } from "./nodes.ts";
export { inspect, list, remove } from "./objects.ts";
export { ask, scale, serviceCreate, serviceUpdate, stackFile } from "./services.ts";
