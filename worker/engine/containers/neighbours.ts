/** What the domains beside ask of the containers: who uses an image, a volume or a network, and what a network tells them. */
import type { ContainerId, EndpointSettings, ImageId, ImageUsers, NetworkUsers, VolumeUsers } from "../domains.ts";
import type { Guest } from "../ports/guest.ts";
import { containerDirectory } from "./paths.ts";
import { isRunning } from "./predicates.ts";
import type { ContainerStore } from "./store.ts";

export interface Users {
  readonly imageUsers: ImageUsers;
  readonly volumeUsers: VolumeUsers;
  readonly networkUsers: NetworkUsers;
}

export function usersOf({ guest }: { readonly guest: Guest }, store: ContainerStore): Users {
  const imageUsers: ImageUsers = {
    containersUsing: (image: ImageId) =>
      store
        .all()
        .filter(({ record }) => record.image === image || record.mounts.some((m) => m.detail.image?.id === image))
        .map((c) => ({ id: c.id, running: isRunning(c.state) })),
  };
  const volumeUsers: VolumeUsers = {
    containersUsing: (volume: string) =>
      store
        .all()
        .filter((c) => c.record.mounts.some((m) => m.Type === "volume" && m.Name === volume))
        .map((c) => c.id),
  };
  const networkUsers: NetworkUsers = {
    find: (reference) => {
      const container = store.find(reference);
      if (container === undefined) return undefined;
      const { id, name, state, record } = container;
      return { id, name, running: isRunning(state), networkMode: record.hostConfig.NetworkMode };
    },
    containersUsing: (network) =>
      store
        .all()
        .filter((c) =>
          Object.entries(c.record.networks).some(([name, e]) => name === network || e.NetworkID === network),
        )
        .map((c) => ({ id: c.id, name: c.name, running: isRunning(c.state) })),
    endpointChanged: (id, network, settings) => endpointChanged(store, id, network, settings),
    rewriteNetworkFiles: (id, files) => rewriteNetworkFiles(guest, id, files),
  };
  return { imageUsers, volumeUsers, networkUsers };
}

async function endpointChanged(
  store: ContainerStore,
  id: ContainerId,
  network: string,
  settings: EndpointSettings | undefined,
): Promise<void> {
  const container = store.get(id);
  const networks = { ...container.record.networks };
  if (settings === undefined) delete networks[network];
  else networks[network] = settings;
  container.record = { ...container.record, networks };
  await store.save(container);
}

async function rewriteNetworkFiles(
  guest: Guest,
  id: ContainerId,
  files: { readonly hosts: string; readonly resolvConf: string },
): Promise<void> {
  const directory = containerDirectory(id);
  // Opened and written in place: the bind mount in the container shows the same file.
  await guest.batch([
    { op: "write", path: `${directory}/hosts`, data: files.hosts, create: false, ignore: ["ENOENT"] },
    { op: "write", path: `${directory}/resolv.conf`, data: files.resolvConf, create: false, ignore: ["ENOENT"] },
  ]);
}
