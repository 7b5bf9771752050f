/** Where a container's things lie in the guest, at Docker's places. */
import type { ContainerId, ImageId } from "../domains.ts";
import type { Op } from "../ports/guest.ts";
import type { ContainerRecord } from "./model.ts";

export const dataRoot = "/var/lib/docker";
/** A tmpfs: what is here is made anew at each start. */
export const containersRoot = `${dataRoot}/containers`;
export const layersRoot = `${dataRoot}/overlay2`;

export const containerDirectory = (id: ContainerId): string => `${containersRoot}/${id}`;
export const layerDirectory = (id: ContainerId): string => `${layersRoot}/${id}`;
export const upperDirectory = (id: ContainerId): string => `${layersRoot}/${id}/diff`;
export const workDirectory = (id: ContainerId): string => `${layersRoot}/${id}/work`;
/** The directory that overlayfs makes for itself in the work directory. */
const kernelOwn = "work";
export const mergedDirectory = (id: ContainerId): string => `${layersRoot}/${id}/merged`;
export const shmDirectory = (id: ContainerId): string => `${containersRoot}/${id}/mounts/shm`;
export const imageMountDirectory = (id: ContainerId, image: ImageId): string =>
  `${containersRoot}/${id}/mounts/${image.slice("sha256:".length, "sha256:".length + 12)}`;
export const logName = (id: ContainerId): string => `${id}-json.log`;

export function layerDirectoryOps(id: ContainerId): readonly Op[] {
  return [
    { op: "mkdir", path: layerDirectory(id), mode: 0o710, ignore: ["EEXIST"] },
    { op: "mkdir", path: upperDirectory(id), mode: 0o755, ignore: ["EEXIST"] },
    { op: "mkdir", path: workDirectory(id), mode: 0o700, ignore: ["EEXIST"] },
  ];
}

/** The overlay of a container that removes itself is mounted `volatile`, which a second mount would refuse. */
export function isVolatile(record: ContainerRecord): boolean {
  return record.hostConfig.AutoRemove;
}
export function renewVolatileOps(id: ContainerId): readonly Op[] {
  return [{ op: "removeTree", path: `${workDirectory(id)}/${kernelOwn}/incompat` }];
}
