/** Files of containers, running or not, and of volumes, for the page: read where the kernel shows them, so that links lead nowhere else. */
import type { Drydock } from "../drydock-model.ts";
import { EngineError } from "../engine/errors.ts";
import type { BatchContext, DirectoryEntry, FileStat, Guest } from "../engine/ports/guest.ts";
import type { BrowsePlace, FileEntry } from "../protocol/index.ts";
import type { DrydockHost } from "../rpc/host.ts";

/** So many stat calls go to the guest at once. */
const statBatch = 500;

interface View {
  readonly context: BatchContext;
  close(): Promise<void>;
}

export function hostBrowser(drydock: () => Drydock): NonNullable<DrydockHost["browser"]> {
  return {
    async list(place, path) {
      const view = await open(drydock(), place);
      try {
        return await listDirectory(drydock().guest, view.context, path);
      } finally {
        await view.close();
      }
    },
    async read(place, path) {
      const view = await open(drydock(), place);
      return closing(drydock().guest.readFile(path, view.context), () => view.close());
    },
    async write(place, path, content) {
      const view = await open(drydock(), place);
      try {
        await content.pipeTo(drydock().guest.writeFile(path, { mode: 0o644, context: view.context }));
      } finally {
        await view.close();
      }
    },
  };
}

async function open(drydock: Drydock, place: BrowsePlace): Promise<View> {
  if (place.kind === "container") return await drydock.containers.fileView(place.id);
  const { status, body } = await drydock.api.request({
    method: "GET",
    path: `/volumes/${encodeURIComponent(place.name)}`,
  });
  const value = (body.kind === "json" ? body.value : {}) as Readonly<Record<string, unknown>>;
  if (status >= 400) throw new EngineError("notFound", String(value.message ?? `status ${status}`));
  return { context: { root: String(value.Mountpoint) }, close: async () => {} };
}

/** The stream, and `done` when it has ended or its reader went away. */
function closing(source: ReadableStream<Uint8Array>, done: () => Promise<void>): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  source
    .pipeTo(writable)
    .catch(() => {})
    .finally(done);
  return readable;
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
