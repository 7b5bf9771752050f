/** Under the hood for the page: who the containers are, told to the domain that looks at them in the kernel. */
import type { Drydock } from "../drydock-model.ts";
import type { ContainerId } from "../engine/domains.ts";
import { EngineError } from "../engine/errors.ts";
import { KernelView, type Subject, type Subjects } from "../engine/inspect/index.ts";
import { cgroupPath } from "../engine/runtime/index.ts";
import type { DrydockHost } from "../rpc/host.ts";

export function hostHood(drydock: () => Drydock): NonNullable<DrydockHost["inspect"]> {
  return (container) => new KernelView({ guest: drydock().guest, subjects: subjectsOf(drydock()) }).inspect(container);
}

export function subjectsOf({ containers, networks }: Pick<Drydock, "containers" | "networks">): Subjects {
  return {
    find: (reference) => {
      const container = containers.get(reference);
      const subject = subjectOf(container);
      if (subject === undefined)
        throw new EngineError("conflict", `container ${container.id} is not running: the kernel knows nothing of it`);
      return subject;
    },
    running: () => containers.store.all().flatMap((container) => subjectOf(container) ?? []),
    changes: async (id) => (await containers.changes(id)) ?? [],
    endpoints: (id) =>
      Object.entries(networks.sandbox(id as ContainerId)?.endpoints ?? {}).map(([network, endpoint]) => ({
        network,
        addresses: [endpoint.IPAddress, endpoint.GlobalIPv6Address].flatMap((address) => address || []),
      })),
    ports: (id) =>
      Object.entries(networks.sandbox(id as ContainerId)?.ports ?? {}).flatMap(([key, bindings]) => {
        const [containerPort = "0", protocol = "tcp"] = key.split("/");
        // Both families are published on the same port.
        const hostPorts = new Set((bindings ?? []).map(({ HostPort }) => Number(HostPort)));
        return [...hostPorts].map((hostPort) => ({ hostPort, containerPort: Number(containerPort), protocol }));
      }),
  };
}

function subjectOf({ record }: { readonly record: RecordOf }): Subject | undefined {
  const { state, id, name, config, hostConfig } = record;
  if (state.status !== "running" && state.status !== "paused") return undefined;
  return {
    id,
    name,
    pid: state.pid,
    hostname: config.Hostname || id.slice(0, 12),
    cgroup: cgroupPath(hostConfig.CgroupParent, id),
    merged: `/var/lib/docker/overlay2/${id}/merged`,
  };
}
type RecordOf = ReturnType<Drydock["containers"]["get"]>["record"];
