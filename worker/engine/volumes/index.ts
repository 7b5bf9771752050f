/**
 * Volumes of the local driver: directories below /var/lib/docker/volumes on the machine's disk, and what options mount there.
 *
 * What always holds: a volume with a record has its directory; a volume that a container names is not removed.
 * It is not: the mounts inside containers, or the copying of an image's content into an empty volume; the containers' domain does both.
 */
export type { VolumeJson } from "./model.ts";
export { type VolumeCreateRequest, VolumeService, type VolumesDependencies, type VolumesState } from "./service.ts";
