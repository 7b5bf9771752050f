/**
 * A swarm of one: this engine as the only manager of a cluster, with its node, its secrets and its configs. Others cannot join it, since
 * nobody reaches the machine, and services do not run in it; what needs them says so.
 */
export { notManager, Swarm, type SwarmDependencies } from "./service.ts";
