/** A file or tree of the caller as a tar stream, read as it is sent. */
import { joinPath } from "../config/config-file.ts";
import type { CliFiles, FileInfo } from "../invocation.ts";
import { streamChunks } from "../session/client.ts";
import { tarEnd, tarHeader, tarPadding } from "./small-tar.ts";

export interface CopySource {
  readonly path: string;
  readonly info: FileInfo;
  readonly directory: boolean;
  /** What the archive calls it; "." for the content of a directory. */
  readonly name: string;
}

export function packTree(
  files: CliFiles,
  source: CopySource,
  count: (bytes: number) => void,
): ReadableStream<Uint8Array> {
  const parts = pack(files, source);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await parts.next();
        if (done) return controller.close();
        count(value.length);
        controller.enqueue(value);
      },
      async cancel() {
        await parts.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

async function* pack(files: CliFiles, { path, info, directory, name }: CopySource): AsyncGenerator<Uint8Array> {
  yield* entry(files, path, name, info);
  if (directory)
    for (const child of await files.walk(path)) {
      if (child.type !== "other")
        yield* entry(files, joinPath(path, child.path), name === "." ? child.path : `${name}/${child.path}`, child);
    }
  yield tarEnd();
}

const types = { file: "0", directory: "5", symlink: "2", other: "0" } as const;

async function* entry(files: CliFiles, full: string, name: string, info: FileInfo): AsyncGenerator<Uint8Array> {
  const { type, mode, uid, gid, mtime } = info;
  const size = type === "file" ? info.size : 0;
  yield tarHeader({
    path: type === "directory" ? `${name}/` : name,
    mode,
    uid,
    gid,
    size,
    mtime,
    type: types[type],
    link: info.linkTarget ?? "",
  });
  if (size > 0) yield* tarContent(files.open(full), size);
}

/** Exactly as many bytes as the header says, whatever becomes of the file while it is read: cut off, or filled up with zeros. */
export async function* tarContent(source: ReadableStream<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for await (const chunk of streamChunks(source)) {
    const part = chunk.subarray(0, size - sent);
    sent += part.length;
    if (part.length > 0) yield part;
  }
  if (sent < size) yield new Uint8Array(size - sent);
  yield tarPadding(size);
}
