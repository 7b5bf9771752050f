/**
 * Who tells that a look is due: the kernel of files, processes and listening sockets (one watch in the guest for all), the workspace of
 * what page and guest write there, the engine of what containers say. A signal is given once, and is listened for from the moment it
 * resolves: what happens between that and a look is not missed.
 */
import type { Interest } from "../../lessons/checks/index.ts";
import type { ApiTransport } from "../api/transport.ts";
import type { Guest, WatchSpec } from "../engine/ports/guest.ts";

export interface SignalSource {
  readonly api: ApiTransport;
  readonly guest: Guest;
  readonly workspace: { subscribe(callback: () => void): () => void };
}

export interface Signal {
  /** Never settles after `dispose`. */
  readonly changed: Promise<void>;
  /** Something is not told of: look again by yourself. */
  readonly partial: boolean;
  dispose(): void;
}

export async function listenFor(source: SignalSource, interests: readonly Interest[]): Promise<Signal> {
  const ends: (() => void)[] = [];
  let tell = (): void => {};
  const changed = new Promise<void>((resolve) => {
    tell = resolve;
  });
  // Containers see the workspace by bind mounts, and nothing in the guest tells of what the page writes.
  if (interests.some(({ kind }) => kind === "files")) ends.push(source.workspace.subscribe(tell));
  const told = await Promise.all([
    watchGuest(source, interests, tell, ends),
    ...namesOf(interests).map((container) => followLogs(source.api, container, tell, ends)),
  ]);
  const dispose = (): void => {
    for (const end of ends.splice(0)) end();
  };
  return { changed, partial: told.includes(false), dispose };
}

/** Whether the kernel tells of all that is asked for. */
async function watchGuest(
  { api, guest }: SignalSource,
  interests: readonly Interest[],
  tell: () => void,
  ends: (() => void)[],
): Promise<boolean> {
  const files = await filesOf(api, interests);
  const spec: WatchSpec = {
    files,
    processes: interests.some(({ kind }) => kind === "processes"),
    listening: interests.some(({ kind }) => kind === "listening"),
  };
  if (files.length === 0 && spec.processes === false && spec.listening === false) return true;
  try {
    const reader = (await guest.watch(spec)).getReader();
    ends.push(() => void reader.cancel().catch(() => {}));
    reader.read().then(
      ({ value }) => {
        if (value !== undefined) tell();
      },
      // The machine was put back to another instant: all may be different.
      tell,
    );
    return true;
  } catch {
    return false;
  }
}

type WatchedFile = NonNullable<WatchSpec["files"]>[number];

/** Where the files lie in the guest. Of a container that does not run and a volume that is not there, the engine tells. */
async function filesOf(api: ApiTransport, interests: readonly Interest[]): Promise<readonly WatchedFile[]> {
  const get = async <T>(path: string): Promise<T | undefined> => {
    const { status, body } = await api.request({ method: "GET", path });
    return status === 200 && body.kind === "json" ? (body.value as T) : undefined;
  };
  const found = await Promise.all(
    interests.map(async (interest): Promise<WatchedFile | undefined> => {
      if (interest.kind !== "files" || interest.place === "workspace") return undefined;
      const { place, path } = interest;
      if (place === "machine") return { path };
      if ("container" in place) {
        const facts = await get<{ State: { Pid: number } }>(`/containers/${encodeURIComponent(place.container)}/json`);
        const pid = facts?.State.Pid ?? 0;
        return pid === 0 ? undefined : { path, context: { pid } };
      }
      const facts = await get<{ Mountpoint: string }>(`/volumes/${encodeURIComponent(place.volume)}`);
      return facts === undefined
        ? undefined
        : { path: path.startsWith("/") ? path : `/${path}`, context: { root: facts.Mountpoint } };
    }),
  );
  return found.filter((file) => file !== undefined);
}

function namesOf(interests: readonly Interest[]): readonly string[] {
  return [...new Set(interests.flatMap((each) => (each.kind === "logs" ? [each.container] : [])))];
}

/** Of a container that is not there the engine tells; the logs of one that does not run say nothing more. */
async function followLogs(
  api: ApiTransport,
  container: string,
  tell: () => void,
  ends: (() => void)[],
): Promise<boolean> {
  const { status, body } = await api.request({
    method: "GET",
    path: `/containers/${encodeURIComponent(container)}/logs?follow=1&stdout=1&stderr=1&tail=0`,
  });
  if (status !== 200 || body.kind !== "stream") return true;
  const reader = body.stream.getReader();
  ends.push(() => void reader.cancel().catch(() => {}));
  reader.read().then(({ done }) => {
    if (!done) tell();
  }, tell);
  return true;
}
