/**
 * Under the hood: what the kernel itself says of a running container. Each fact names the file or message that it was read from
 * and the command that shows the same, so that a learner can look for themselves.
 *
 * What always holds: nothing is changed, and nothing is told that was not read just now. It is not `docker inspect`, which tells
 * what the engine believes.
 */
export type { ContainerFacts, FactSource } from "./model.ts";
export { KernelView } from "./service.ts";
export type { Subject, Subjects } from "./subjects.ts";
