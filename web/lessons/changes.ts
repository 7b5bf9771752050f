/** What a playground holds at a moment, and what differs from it later: containers, images, volumes, networks, files. */
import type { FileEntry } from "../../worker/protocol/index.ts";
import { containerName } from "../engine/format.ts";
import type { ContainerSummary, ImageSummary, Network, Volume } from "../engine/types.ts";

export type Kind = "containers" | "images" | "volumes" | "networks" | "files";
/** By name, what is said of it. */
export type Holdings = Readonly<Record<Kind, ReadonlyMap<string, string>>>;

export interface Change {
  readonly kind: Kind;
  readonly name: string;
  /** Absent: it was not there. */
  readonly before: string | undefined;
  /** Absent: it is gone. */
  readonly now: string | undefined;
}

export interface HoldingsSource {
  get<T>(path: string): Promise<T>;
  listFiles(path: string): Promise<readonly FileEntry[]>;
}

const mostFiles = 1000;

export async function holdingsOf(source: HoldingsSource): Promise<Holdings> {
  const [containers, images, volumes, networks, files] = await Promise.all([
    source.get<readonly ContainerSummary[]>("/containers/json?all=1"),
    source.get<readonly ImageSummary[]>("/images/json"),
    source.get<{ readonly Volumes: readonly Volume[] | null }>("/volumes"),
    source.get<readonly Network[]>("/networks"),
    filesBelow(source, ""),
  ]);
  return {
    containers: new Map(containers.map((each) => [containerName(each), `${each.Image}, ${stateOf(each)}`])),
    images: new Map(
      images.flatMap(({ Id, RepoTags }) =>
        (RepoTags?.length ? RepoTags : ["<none>"]).map((tag) => [tag, Id.replace("sha256:", "").slice(0, 12)] as const),
      ),
    ),
    volumes: new Map((volumes.Volumes ?? []).map(({ Name, Driver }) => [Name, Driver])),
    networks: new Map(networks.map(({ Name, Driver }) => [Name, Driver])),
    files: new Map(files),
  };
}

/** "Up 2 minutes" grows by itself, and is no change. */
const stateOf = ({ State, Status }: ContainerSummary): string =>
  State === "exited" ? (/^Exited \(\d+\)/.exec(Status)?.[0] ?? State) : State;

async function filesBelow(source: HoldingsSource, folder: string): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for (const { name, type, size, modified } of await source.listFiles(folder)) {
    if (found.length >= mostFiles) break;
    const path = folder === "" ? name : `${folder}/${name}`;
    if (type === "directory") found.push(...(await filesBelow(source, path)));
    else found.push([path, `${size} bytes, ${new Date(modified).toISOString().slice(11, 19)}`]);
  }
  return found.slice(0, mostFiles);
}

const own: Readonly<Record<Exclude<Kind, "images">, string>> = {
  containers: "container",
  volumes: "volume",
  networks: "network",
  files: "file",
};

/** What is not of the empty machine, counted: "2 containers and 1 file". Images are not, which lessons leave as they are. */
export function contentOf(holdings: Holdings): string {
  const counted = (Object.keys(own) as (keyof typeof own)[]).flatMap((kind) => {
    const names = [...holdings[kind].keys()];
    const count = names.filter((name) => kind !== "networks" || !["bridge", "host", "none"].includes(name)).length;
    return count === 0 ? [] : [`${count} ${own[kind]}${count === 1 ? "" : "s"}`];
  });
  const last = counted.pop();
  return counted.length === 0 ? (last ?? "") : `${counted.join(", ")} and ${last}`;
}

export function changesBetween(before: Holdings, now: Holdings): readonly Change[] {
  return (Object.keys(before) as Kind[]).flatMap((kind) => {
    const names = [...new Set([...before[kind].keys(), ...now[kind].keys()])].sort();
    return names
      .map((name) => ({ kind, name, before: before[kind].get(name), now: now[kind].get(name) }))
      .filter((change) => change.before !== change.now);
  });
}
