/**
 * The build domain: Dockerfiles become images. ./dockerfile is the language, ./plan what its instructions ask for, ./files the image's
 * files as seen without the guest, ./solve the execution with its cache.
 *
 * What always holds: only RUN enters the machine; a step's layer is a function of its cache key's inputs (but for RUN, which is run);
 * a build that ends, however, leaves nothing in the machine. It knows no containers: RUN uses the runtime directly.
 */

export type { CacheUsage, PruneOptions } from "./cache-usage.ts";
export { ClassicBuilder, type ClassicMessage } from "./classic.ts";
export type { BuildHistory, BuildRecord } from "./history.ts";
export type { BuildFailure, BuildMessage, BuildRequest, BuildResult, StepReport } from "./model.ts";
export { BuildService } from "./service.ts";
export { recordId, versionedBuild } from "./versioned.ts";
