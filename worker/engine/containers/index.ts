/**
 * Containers: Docker's containers and execs over the guest's processes.
 *
 * What always holds: a record is durable before its id is told; a container's state is one of a closed set and changes in one
 * place (lifecycle); events come in dockerd's order; a name belongs to one container. What it is not: it knows no HTTP, makes no
 * network and no image, and decides nothing about the kernel's calls (that is ../runtime).
 */
export type { HostFacts } from "./check-host-config.ts";
export type { Container, WaitResult } from "./container.ts";
export type { Created } from "./creation.ts";
export type { ContainerDependencies } from "./dependencies.ts";
export { readConsoleSize, readExecRequest } from "./executions.ts";
export type { LogEntry } from "./log-entry.ts";
export type { ContainerRecord, ContainerState, HostConfig, MountPoint } from "./model.ts";
export { Containers, type ContainersState, type RunningContainers } from "./service.ts";
export { frame, type StreamName } from "./stdcopy.ts";
export type { AttachRequest, LogRequest } from "./streams.ts";
export { formatLogTime, parseTimestamp } from "./times.ts";
