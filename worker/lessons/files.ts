/** Files as checks ask for them: of the workspace, the machine, a container or a volume. */
import type { FileFacts } from "../../lessons/checks/index.ts";
import type { ApiTransport } from "../api/transport.ts";
import { type BatchContext, type FileStat, type Guest, GuestError } from "../engine/ports/guest.ts";
import { readTar } from "../engine/tar-reader.ts";

const textLimit = 64 * 1024;
const gone: readonly string[] = ["ENOENT", "ENOTDIR"];

/** A file of the machine; of the view of a process; or below a root without leaving it. */
export async function machineFile(
  guest: Guest,
  path: string,
  context: BatchContext = {},
): Promise<FileFacts | undefined> {
  try {
    const stat = (await guest.batch([{ op: "stat", path, follow: false }], context))[0] as FileStat;
    const content =
      stat.type === "file"
        ? ((await guest.batch([{ op: "read", path, limit: textLimit }], context))[0] as Uint8Array)
        : undefined;
    return {
      type: stat.type === "file" || stat.type === "directory" || stat.type === "symlink" ? stat.type : "other",
      mode: stat.mode,
      uid: stat.uid,
      size: stat.size,
      text: content === undefined ? "" : new TextDecoder().decode(content),
    };
  } catch (error) {
    if (error instanceof GuestError && gone.includes(error.errno)) return undefined;
    throw error;
  }
}

/** A file of a container that does not run, as `docker cp` would get it. */
export async function containerFile(
  api: ApiTransport,
  container: string,
  path: string,
): Promise<FileFacts | undefined> {
  const address = `/containers/${encodeURIComponent(container)}/archive?path=${encodeURIComponent(path)}`;
  const head = await api.request({ method: "HEAD", path: address });
  if (head.status !== 200) return undefined;
  const stat = statOf(head.headers["x-docker-container-path-stat"]);
  if (stat === undefined) return undefined;
  const response = await api.request({ method: "GET", path: address });
  if (response.body.kind !== "stream" || response.status !== 200) return undefined;
  // The first member is the file itself; a directory's others are of no interest.
  for await (const { entry, body } of readTar(response.body.stream)) {
    const type = entry.type === "file" || entry.type === "directory" || entry.type === "symlink" ? entry.type : "other";
    const text = type === "file" && stat.size <= textLimit ? await new Response(streamed(body)).text() : "";
    return { type, mode: entry.mode & 0o7777, uid: entry.uid, size: stat.size, text };
  }
  return undefined;
}

const streamed = (body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> =>
  body as ReadableStream<Uint8Array<ArrayBuffer>>;

/** Header X-Docker-Container-Path-Stat of the archive operations: base64 of JSON. */
function statOf(header: string | undefined): { readonly size: number } | undefined {
  if (header === undefined) return undefined;
  const { size } = JSON.parse(atob(header)) as { size?: unknown };
  return { size: typeof size === "number" ? size : 0 };
}
