/** What a prune would remove, by the rules of `docker … prune` (moby, daemon/prune.go). */
import type { PruneKind } from "../engine/actions.ts";
import { containerName, isUp, shortId } from "../engine/format.ts";
import type { ContainerSummary, DiskUsage, ImageSummary, Network, Volume } from "../engine/types.ts";

export interface Prunable {
  readonly names: readonly string[];
  /** `undefined` where things of the kind have no size. */
  readonly bytes: number | undefined;
}

export interface PruneLists {
  readonly usage: DiskUsage;
  readonly networks: readonly Network[];
}

/** The kinds of which more goes with `-a`, and what that more is. */
export const withAll: Readonly<Partial<Record<PruneKind, string>>> = {
  image: "Also images with a name that no container uses",
  volume: "Also volumes with a name that no container uses",
  builder: "Also what a next build could use again",
};

const builtIn: ReadonlySet<string> = new Set(["bridge", "host", "none", "ingress", "docker_gwbridge"]);
const anonymous = "com.docker.volume.anonymous";

export function prunable(what: PruneKind, all: boolean, { usage, networks }: PruneLists): Prunable {
  const containers = usage.Containers ?? [];
  const sum = (sizes: readonly (number | undefined)[]): number =>
    sizes.reduce<number>((total, size) => total + Math.max(0, size ?? 0), 0);
  switch (what) {
    case "container": {
      const stopped = containers.filter(({ State }) => !isUp(State));
      return { names: stopped.map(containerName), bytes: sum(stopped.map(({ SizeRw }) => SizeRw)) };
    }
    case "image": {
      const free = (usage.Images ?? []).filter((image) => unusedImage(image, containers) && (all || isDangling(image)));
      return {
        names: free.map((image) => image.RepoTags?.find((tag) => tag !== "<none>:<none>") ?? shortId(image.Id)),
        bytes: sum(free.map(({ Size, SharedSize }) => Size - Math.max(0, SharedSize ?? 0))),
      };
    }
    case "volume": {
      const free = (usage.Volumes ?? []).filter((volume) => isFree(volume) && (all || isAnonymous(volume)));
      return { names: free.map(({ Name }) => Name), bytes: sum(free.map(({ UsageData }) => UsageData?.Size)) };
    }
    case "network": {
      // A container that does not run has no endpoint: its network goes too.
      const used = new Set(
        containers
          .filter(({ State }) => isUp(State))
          .flatMap(({ NetworkSettings }) => Object.keys(NetworkSettings?.Networks ?? {})),
      );
      const free = networks.filter(({ Name }) => !builtIn.has(Name) && !used.has(Name));
      return { names: free.map(({ Name }) => Name), bytes: undefined };
    }
    case "builder": {
      const free = (usage.BuildCache ?? []).filter(({ InUse, Shared }) => !InUse && (all || Shared !== true));
      return { names: free.map(({ ID }) => shortId(ID)), bytes: sum(free.map(({ Size }) => Size)) };
    }
  }
}

const isDangling = ({ RepoTags }: ImageSummary): boolean => (RepoTags ?? []).every((tag) => tag === "<none>:<none>");
const unusedImage = ({ Id }: ImageSummary, containers: readonly ContainerSummary[]): boolean =>
  !containers.some(({ ImageID }) => ImageID === Id);
const isFree = ({ UsageData }: Volume): boolean => (UsageData?.RefCount ?? 0) <= 0;
const isAnonymous = ({ Labels }: Volume): boolean => Labels != null && anonymous in Labels;
