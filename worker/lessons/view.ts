/**
 * The {@link LessonView} over the Engine API and the guest. One view serves one round of checks: each list is fetched once and shared
 * by all checks of the round. Nothing here changes anything; what the API refuses counts as absent.
 */
import type {
  ContainerFacts,
  EventFacts,
  HttpAnswer,
  ImageFacts,
  LessonView,
  NetworkFacts,
  ProcessFacts,
  VolumeFacts,
} from "../../lessons/checks/index.ts";
import type { Place } from "../../lessons/format/index.ts";
import type { ApiTransport } from "../api/transport.ts";
import type { Guest } from "../engine/ports/guest.ts";
import type { Clock } from "../engine/ports/host.ts";
import { containerFile, machineFile } from "./files.ts";
import { ask } from "./http.ts";

export const workspaceRoot = "/home/learner/site";

export interface ViewSource {
  readonly api: ApiTransport;
  readonly guest: Guest;
  readonly clock: Clock;
}

export function viewOf({ api, guest, clock }: ViewSource, events: readonly EventFacts[]): LessonView {
  const get = async <T>(path: string): Promise<T | undefined> => {
    const { status, body } = await api.request({ method: "GET", path });
    return status === 200 && body.kind === "json" ? (body.value as T) : undefined;
  };
  const each = async <T>(paths: readonly string[]): Promise<readonly T[]> =>
    (await Promise.all(paths.map((path) => get<T>(path)))).filter(
      (value): value is Awaited<T> & T => value !== undefined,
    );

  const containers = once(async () => {
    const list = (await get<readonly { Id: string }[]>("/containers/json?all=1")) ?? [];
    return await each<ContainerFacts>(list.map(({ Id }) => `/containers/${Id}/json`));
  });
  const images = once(async () => {
    const list = (await get<readonly { Id: string }[]>("/images/json")) ?? [];
    return (await each<ImageFacts>(list.map(({ Id }) => `/images/${Id}/json`))).map((image) => ({
      ...image,
      RepoTags: image.RepoTags ?? [],
      RepoDigests: image.RepoDigests ?? [],
    }));
  });
  const volumes = once(async () => (await get<{ Volumes: readonly VolumeFacts[] | null }>("/volumes"))?.Volumes ?? []);
  const networks = once(async () => (await get<readonly NetworkFacts[]>("/networks")) ?? []);
  const find = async (name: string): Promise<ContainerFacts | undefined> =>
    (await containers()).find(({ Name }) => Name === `/${name}`);

  return {
    containers,
    images,
    history: async (image) =>
      ((await get<readonly { CreatedBy: string }[]>(`/images/${encodeURIComponent(image)}/history`)) ?? []).map(
        ({ CreatedBy }) => CreatedBy,
      ),
    volumes,
    networks,
    events,
    now: clock.now().getTime(),
    async file(place: Place, path: string) {
      if (place === "workspace") return await machineFile(guest, `${workspaceRoot}/${path}`);
      if (place === "machine") return await machineFile(guest, path);
      if ("container" in place) {
        // A running one is looked at through its own mounts: that costs one round trip, and shows tmpfs and volumes as it sees them.
        const pid = (await find(place.container))?.State.Pid ?? 0;
        return pid > 0 ? await machineFile(guest, path, { pid }) : await containerFile(api, place.container, path);
      }
      const mountpoint = (await volumes()).find(({ Name }) => Name === place.volume)?.Mountpoint;
      return mountpoint === undefined
        ? undefined
        : await machineFile(guest, path.startsWith("/") ? path : `/${path}`, { root: mountpoint });
    },
    async processes(container) {
      return container === undefined ? await machineProcesses(guest) : await containerProcesses(get, container);
    },
    async logs(container) {
      const { status, body } = await api.request({
        method: "GET",
        path: `/containers/${encodeURIComponent(container)}/logs?stdout=1&stderr=1&tail=500`,
      });
      if (status !== 200 || body.kind !== "stream") return "";
      return await new Response(body.stream as ReadableStream<Uint8Array<ArrayBuffer>>).text();
    },
    async http({ from, host, port, path }): Promise<HttpAnswer> {
      if (from === undefined) {
        const address = host === "localhost" ? "127.0.0.1" : host;
        return await ask(() => guest.connect({ kind: "tcp", host: address, port }), { host, path }, clock);
      }
      const source = await find(from);
      if (source === undefined || source.State.Pid === 0) return { kind: "refused" };
      const address = host === "localhost" ? "127.0.0.1" : addressFor(source, host, await containers());
      if (address === undefined) return { kind: "refused" };
      const namespace = `/proc/${source.State.Pid}/ns/net`;
      return await ask(() => guest.connect({ kind: "tcp", host: address, port }, namespace), { host, path }, clock);
    },
  };
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}

/** What the embedded name server would answer the container: names and aliases on the user-defined networks it shares. */
function addressFor(source: ContainerFacts, host: string, all: readonly ContainerFacts[]): string | undefined {
  if (/^[\d.]+$/.test(host) || host.includes(":")) return host;
  for (const network of Object.keys(source.NetworkSettings.Networks)) {
    if (network === "bridge") continue;
    for (const other of all) {
      const endpoint = other.NetworkSettings.Networks[network];
      if (endpoint?.IPAddress === undefined || endpoint.IPAddress === "") continue;
      if (other.Name === `/${host}` || endpoint.Aliases?.includes(host) === true) return endpoint.IPAddress;
    }
  }
  return undefined;
}

async function containerProcesses(
  get: <T>(path: string) => Promise<T | undefined>,
  container: string,
): Promise<readonly ProcessFacts[]> {
  const top = await get<{ Titles: readonly string[]; Processes: readonly (readonly string[])[] | null }>(
    `/containers/${encodeURIComponent(container)}/top`,
  );
  const [user, command] = [top?.Titles.indexOf("UID") ?? -1, top?.Titles.indexOf("CMD") ?? -1];
  return (top?.Processes ?? []).map((row) => ({ user: row[user] ?? "", command: row[command] ?? "" }));
}

async function machineProcesses(guest: Guest): Promise<readonly ProcessFacts[]> {
  const entries = (await guest.batch([{ op: "list", path: "/proc" }]))[0] as readonly { name: string }[];
  const pids = entries.map(({ name }) => name).filter((name) => /^\d+$/.test(name));
  const read = (await guest.batch(
    pids.flatMap((pid) => [
      { op: "read" as const, path: `/proc/${pid}/cmdline`, limit: 512, ignore: ["*" as const] },
      { op: "stat" as const, path: `/proc/${pid}`, ignore: ["*" as const] },
    ]),
  )) as readonly (Uint8Array | { uid: number } | undefined)[];
  return pids.flatMap((_, index) => {
    const [line, stat] = [read[2 * index], read[2 * index + 1]];
    if (!(line instanceof Uint8Array) || line.length === 0 || stat === undefined || stat instanceof Uint8Array)
      return [];
    const command = new TextDecoder().decode(line).replaceAll("\0", " ").trim();
    return [{ user: stat.uid === 0 ? "root" : String(stat.uid), command }];
  });
}
