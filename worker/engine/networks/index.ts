/**
 * Networks: the default ones (bridge, host, none) and those that users make, their address management, containers' sandboxes
 * (network namespaces with their endpoints), published ports, and the rules between them.
 *
 * What always holds: an address and a port belong to at most one endpoint; what the state says about the kernel was done by one
 * batch or taken back; records are durable, the state of the kernel lives and dies with the machine.
 * It is not: name resolution (../dns), the messages themselves (../netlink), or a container's life.
 */
export type { NetworkCreateRequest } from "./create-request.ts";
export type { NetworksState, SandboxState } from "./model.ts";
export type { ExtraName } from "./names.ts";
export type { NetworkJson } from "./network-json.ts";
export type { NameServer } from "./sandbox-base.ts";
export { NetworkService, type NetworksDependencies } from "./service.ts";
