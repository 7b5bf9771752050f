/** Files over a session (tonistiigi/fsutil's protocol): one side tells what there is, the other asks for contents by number. */
import { readTar } from "../../engine/tar-reader.ts";
import type { TarInput } from "../../engine/tar-writer.ts";
import { code, RpcError } from "./grpc.node.ts";
import { messages, type Packet, type Stat } from "./messages.node.ts";
import type { Session } from "./session.node.ts";

const kind = { stat: 0, request: 1, data: 2, end: 3, error: 4 } as const;
/** Go's io/fs.FileMode. */
const mode = {
  directory: 2 ** 31,
  symlink: 2 ** 27,
  device: 2 ** 26,
  pipe: 2 ** 25,
  socket: 2 ** 24,
  setuid: 2 ** 23,
  setgid: 2 ** 22,
  sticky: 2 ** 20,
};
const has = (value: number, bit: number): boolean => Math.floor(value / bit) % 2 === 1;

export interface FilesWanted {
  /** "context" or "dockerfile", or a further context. */
  readonly directory: string;
  /** Links to these are followed and nothing else is sent; empty for all. */
  readonly follow: readonly string[];
  readonly exclude: readonly string[];
  readonly signal: AbortSignal;
}

/** How many files are asked for before their contents have come. */
const window = 32;

/** The client's files as members of a tar, their names behind `prefix`. */
export async function* receiveFiles(session: Session, prefix: string, wanted: FilesWanted): AsyncGenerator<TarInput> {
  const call = session.client.open("/moby.filesync.v1.FileSync/DiffCopy", {
    "dir-name": wanted.directory,
    ...(wanted.exclude.length === 0 ? {} : { "exclude-patterns": wanted.exclude }),
    ...(wanted.follow.length === 0 ? {} : { followpaths: wanted.follow }),
  });
  const cancel = (): void => call.cancel();
  wanted.signal.addEventListener("abort", cancel);
  const packets = call.incoming[Symbol.asyncIterator]();
  const next = async (): Promise<Packet> => {
    const { done, value } = await packets.next();
    if (done === true) throw new RpcError(code.unknown, `transfer of ${wanted.directory} ended too early`);
    const packet = messages.packet.decode(value);
    if (packet.type === kind.error) throw new RpcError(code.unknown, new TextDecoder().decode(packet.data));
    return packet;
  };
  const send = (packet: Packet): Promise<void> => call.send(messages.packet.encode(packet));
  try {
    const stats: Stat[] = [];
    for (;;) {
      const { type, stat } = await next();
      if (type !== kind.stat) continue;
      if (stat == null || stat.path === "") break;
      stats.push(stat);
    }
    const files = stats.flatMap((stat, id) => (isFile(stat) ? [id] : []));
    const parts = new Map<number, Uint8Array[]>();
    const complete = new Set<number>();
    let asked = 0;
    const ask = async (upTo: number): Promise<void> => {
      for (; asked < Math.min(upTo, files.length); asked++) await send({ type: kind.request, ID: files[asked] ?? 0 });
    };
    let given = 0;
    for (const [id, stat] of stats.entries()) {
      if (!isFile(stat)) {
        const header = headerOf(stat, prefix);
        if (header !== undefined) yield { header };
        continue;
      }
      await ask(given + window);
      while (!complete.has(id)) {
        const { type, ID = 0, data = new Uint8Array() } = await next();
        if (type !== kind.data) continue;
        if (data.length === 0) complete.add(ID);
        else parts.set(ID, [...(parts.get(ID) ?? []), data]);
      }
      const body = Buffer.concat(parts.get(id) ?? []);
      parts.delete(id);
      given++;
      const header = headerOf(stat, prefix);
      if (header !== undefined) yield { header: { ...header, size: body.length }, body };
    }
    await send({ type: kind.end });
    for (;;) if ((await next()).type === kind.end) break;
  } finally {
    wanted.signal.removeEventListener("abort", cancel);
    call.end();
    call.cancel();
  }
}

const isFile = ({ mode: bits, linkname }: Stat): boolean =>
  linkname === "" && ![mode.directory, mode.symlink, mode.device, mode.pipe, mode.socket].some((bit) => has(bits, bit));

function headerOf(stat: Stat, prefix: string): TarInput["header"] | undefined {
  const { mode: bits, uid, gid, modTime, linkname, path } = stat;
  const permissions =
    (bits % 0o1000) +
    (has(bits, mode.setuid) ? 0o4000 : 0) +
    (has(bits, mode.setgid) ? 0o2000 : 0) +
    (has(bits, mode.sticky) ? 0o1000 : 0);
  const base = { name: `${prefix}${path}`, mode: permissions, uid, gid, mtime: Math.floor(modTime / 1e9) };
  if (has(bits, mode.directory)) return { ...base, type: "directory" };
  if (has(bits, mode.symlink)) return { ...base, type: "symlink", linkName: linkname };
  if (linkname !== "") return { ...base, type: "hardlink", linkName: `${prefix}${linkname}` };
  return isFile(stat) ? { ...base, type: "file" } : undefined;
}

/** A file of the client's, of those that were asked for by name; the first that is there. */
export async function receiveText(
  session: Session,
  names: readonly string[],
  wanted: Omit<FilesWanted, "follow" | "exclude">,
): Promise<{ readonly name: string; readonly text: string } | undefined> {
  const found = new Map<string, string>();
  for await (const { header, body } of receiveFiles(session, "", { ...wanted, follow: names, exclude: [] }))
    if (header.type === "file" && body instanceof Uint8Array) found.set(header.name, new TextDecoder().decode(body));
  const name = names.find((candidate) => found.has(candidate));
  return name === undefined ? undefined : { name, text: found.get(name) ?? "" };
}

const sendPath = "/moby.filesync.v1.FileSend/DiffCopy";

/** An exporter's files for the client to write: `index` is the exporter's place among those that were asked for. */
export async function sendTar(session: Session, index: number, tar: ReadableStream<Uint8Array>): Promise<void> {
  const call = session.client.open(sendPath, { "buildkit-attachable-exporter-id": String(index) });
  for await (const part of tar as unknown as AsyncIterable<Uint8Array>)
    for (let at = 0; at < part.length; at += 1 << 20)
      await call.send(messages.bytes.encode({ data: part.subarray(at, at + (1 << 20)) }));
  call.end();
  for await (const _ of call.incoming);
}

export async function sendFiles(session: Session, index: number, tar: ReadableStream<Uint8Array>): Promise<void> {
  const call = session.client.open(sendPath, { "buildkit-attachable-exporter-id": String(index) });
  const send = (packet: Packet): Promise<void> => call.send(messages.packet.encode(packet));
  const contents: (Uint8Array | undefined)[] = [];
  for await (const { entry, body } of readTar(tar)) {
    const bytes =
      entry.type === "file"
        ? new Uint8Array(await new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer())
        : undefined;
    if (entry.type === "char" || entry.type === "block" || entry.type === "fifo") continue;
    const type = entry.type === "directory" ? mode.directory : entry.type === "symlink" ? mode.symlink : 0;
    await send({
      type: kind.stat,
      stat: {
        path: entry.name.replace(/\/+$/, ""),
        mode: (entry.mode & 0o777) + type,
        uid: entry.uid,
        gid: entry.gid,
        size: bytes?.length ?? 0,
        modTime: entry.mtime * 1e9,
        linkname: entry.linkName,
      },
    });
    contents.push(bytes);
  }
  await send({ type: kind.stat });
  for await (const message of call.incoming) {
    const { type, ID = 0, data } = messages.packet.decode(message);
    if (type === kind.end) break;
    if (type === kind.error) throw new RpcError(code.unknown, new TextDecoder().decode(data));
    if (type !== kind.request) continue;
    const bytes = contents[ID] ?? new Uint8Array();
    for (let at = 0; at < bytes.length; at += 32 << 10)
      await send({ type: kind.data, ID, data: bytes.subarray(at, at + (32 << 10)) });
    await send({ type: kind.data, ID });
  }
  await send({ type: kind.end });
  call.end();
  for await (const _ of call.incoming);
}
