/** A tar stream into the caller's files. Entries that would leave the directory are refused. */
import { joinPath } from "../config/config-file.ts";
import type { CliFiles } from "../invocation.ts";
import { cleanPath } from "../run/mount.ts";
import { streamChunks } from "../session/client.ts";
import { CliError } from "../session/errors.ts";
import { parseTarHeader, paxValues, type TarHeader } from "./small-tar.ts";

/** Takes exact counts of bytes off a stream. */
class ByteReader {
  readonly #chunks: AsyncGenerator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();
  constructor(stream: ReadableStream<Uint8Array>) {
    this.#chunks = streamChunks(stream);
  }

  /** At most `limit` bytes; none at the end. */
  async some(limit: number): Promise<Uint8Array> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done) return new Uint8Array();
      this.#rest = value;
    }
    const part = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }
  async exactly(count: number): Promise<Uint8Array | undefined> {
    const out = new Uint8Array(count);
    let at = 0;
    while (at < count) {
      const part = await this.some(count - at);
      if (part.length === 0) {
        if (at === 0) return undefined;
        throw new CliError("unexpected EOF");
      }
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
  async drain(): Promise<void> {
    while ((await this.some(65_536)).length > 0);
  }
}

const roundUp = (size: number): number => Math.ceil(size / 512) * 512;

/** How many bytes of contents there were. */
export async function unpackTar(
  files: CliFiles,
  stream: ReadableStream<Uint8Array>,
  directory: string,
  rename: readonly [string, string] | undefined,
): Promise<number> {
  const reader = new ByteReader(stream);
  let pax: Readonly<Record<string, string>> = {};
  const modes: (readonly [string, number])[] = [];
  let written = 0;
  for (;;) {
    const block = await reader.exactly(512);
    const raw = block === undefined ? undefined : parseTarHeader(block);
    if (raw === undefined) break;
    if (raw.type === "x" || raw.type === "L" || raw.type === "K" || raw.type === "g") {
      const data = ((await reader.exactly(roundUp(raw.size))) ?? new Uint8Array()).subarray(0, raw.size);
      const text = new TextDecoder().decode(data).replace(/\0.*$/s, "");
      if (raw.type === "x") pax = { ...pax, ...paxValues(data) };
      else if (raw.type === "L") pax = { ...pax, path: text };
      else if (raw.type === "K") pax = { ...pax, linkpath: text };
      continue;
    }
    const header: TarHeader = {
      ...raw,
      path: renamed(pax.path ?? raw.path, rename),
      link: pax.linkpath ?? raw.link ?? "",
      size: Number(pax.size ?? raw.size),
    };
    pax = {};
    const target = cleanPath(joinPath(directory, header.path));
    const root = cleanPath(directory);
    if (target !== root && !target.startsWith(root === "/" ? "/" : `${root}/`))
      throw new CliError(`invalid entry ${JSON.stringify(header.path)}: it is outside of the destination`);
    await extract(files, reader, header, target, directory, modes, rename);
    if (header.type === "0") written += header.size;
  }
  await reader.drain();
  // Last, so that a directory without write permission can be filled.
  for (const [path, mode] of modes.reverse()) await files.chmod(path, mode);
  return written;
}

function renamed(path: string, rename: readonly [string, string] | undefined): string {
  if (rename === undefined) return path;
  const [from, to] = rename;
  return from === "." ? path : path.replace(from, () => to);
}

async function extract(
  files: CliFiles,
  reader: ByteReader,
  header: TarHeader,
  target: string,
  directory: string,
  modes: (readonly [string, number])[],
  rename: readonly [string, string] | undefined,
): Promise<void> {
  const existing = await files.stat(target, { follow: false });
  if (header.type === "5") {
    if (existing !== undefined && existing.type !== "directory")
      throw new CliError(`cannot overwrite non-directory ${JSON.stringify(target)} with directory`);
    if (existing === undefined) await files.mkdir(target, { mode: 0o755, parents: true });
    modes.push([target, header.mode]);
    return;
  }
  if (existing?.type === "directory")
    throw new CliError(`cannot overwrite directory ${JSON.stringify(target)} with non-directory`);
  if (existing !== undefined) await files.remove(target);
  if (header.type === "2") {
    await files.symlink(header.link ?? "", target);
    return;
  }
  if (header.type === "1") {
    const source = cleanPath(joinPath(directory, renamed(header.link ?? "", rename)));
    await files.open(source).pipeTo(files.create(target, { mode: header.mode & 0o7777 }));
    return;
  }
  if (header.type !== "0") return;
  const writer = files.create(target, { mode: header.mode & 0o7777 }).getWriter();
  let left = header.size;
  while (left > 0) {
    const part = await reader.some(left);
    if (part.length === 0) throw new CliError("unexpected EOF");
    await writer.write(part);
    left -= part.length;
  }
  await writer.close();
  await files.chmod(target, header.mode & 0o7777);
  await reader.exactly(roundUp(header.size) - header.size);
}
