/** Files of running containers and of volumes, for the page: read where the kernel shows them, so that links lead nowhere else. */
import type { Drydock } from "../drydock.ts";
import { EngineError } from "../engine/errors.ts";
import type { BatchContext, DirectoryEntry, FileStat, Guest } from "../engine/ports/guest.ts";
import type { BrowsePlace, FileEntry } from "../protocol/index.ts";
import type { DrydockHost } from "../rpc/host.ts";

/** So many stat calls go to the guest at once. */
const statBatch = 500;

export function hostBrowser(drydock: () => Drydock): NonNullable<DrydockHost["browser"]> {
  return {
    async list(place, path) {
      const { guest } = drydock();
      return await listDirectory(guest, await contextOf(drydock(), place), path);
    },
    async read(place, path) {
      const { guest } = drydock();
      return guest.readFile(path, await contextOf(drydock(), place));
    },
  };
}

async function get(drydock: Drydock, path: string): Promise<Readonly<Record<string, unknown>>> {
  const { status, body } = await drydock.api.request({ method: "GET", path });
  const value = (body.kind === "json" ? body.value : {}) as Readonly<Record<string, unknown>>;
  if (status >= 400) throw new EngineError("notFound", String(value.message ?? `status ${status}`));
  return value;
}

async function contextOf(drydock: Drydock, place: BrowsePlace): Promise<BatchContext> {
  if (place.kind === "volume") {
    const { Mountpoint } = await get(drydock, `/volumes/${encodeURIComponent(place.name)}`);
    return { root: String(Mountpoint) };
  }
  const { State } = await get(drydock, `/containers/${encodeURIComponent(place.id)}/json`);
  const { Pid } = State as { readonly Pid: number };
  if (Pid === 0)
    throw new EngineError(
      "conflict",
      "The container does not run: its files are not mounted. Start it to browse them.",
    );
  return { pid: Pid };
}

export async function listDirectory(guest: Guest, context: BatchContext, path: string): Promise<readonly FileEntry[]> {
  const [listed] = await guest.batch([{ op: "list", path }], context);
  const names = listed as readonly DirectoryEntry[];
  const entries: FileEntry[] = [];
  for (let at = 0; at < names.length; at += statBatch) {
    const part = names.slice(at, at + statBatch);
    const base = path.endsWith("/") ? path : `${path}/`;
    const stats = await guest.batch(
      // A file can go away in between.
      part.map(({ name }) => ({ op: "stat" as const, path: base + name, follow: false, ignore: ["*" as const] })),
      context,
    );
    for (const [index, { name, type }] of part.entries()) {
      const stat = stats[index] as FileStat | undefined;
      entries.push({
        name,
        type: type === "file" || type === "directory" || type === "symlink" ? type : "other",
        size: stat?.size ?? 0,
        mode: stat?.mode ?? 0,
        modified: (stat?.mtime ?? 0) * 1000,
      });
    }
  }
  return entries;
}
