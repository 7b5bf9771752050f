/** The members of an archive being loaded: small ones in memory, large ones stored as blobs while they come in. */
import { collectBytes, streamOfBytes } from "../bytes.ts";
import { decompressAny } from "../compression.ts";
import { EngineError } from "../errors.ts";
import type { Digest } from "../ports/storage.ts";
import { readTar } from "../tar-reader.ts";
import type { ImageContext } from "./context.ts";
import { splitPath } from "./file-tree.ts";
import { type TarIndex, TarIndexer } from "./layers/tar-index.ts";

/** Files up to this size (manifests, configurations) are held in memory, all of them together up to the second. */
const smallFile = 1 << 20;
const smallFilesTogether = 64 << 20;
/** Links in old archives point from one layer to its twin; more hops are a loop. */
const maxLinks = 8;

type Member =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "blob"; readonly digest: Digest; readonly size: number; readonly index: TarIndex | undefined }
  | { readonly kind: "link"; readonly target: string };
type Content = Exclude<Member, { kind: "link" }>;

export class ArchiveMembers {
  readonly #context: ImageContext;
  readonly #members = new Map<string, Member>();

  private constructor(context: ImageContext) {
    this.#context = context;
  }

  static async read(context: ImageContext, source: ReadableStream<Uint8Array>): Promise<ArchiveMembers> {
    const archive = new ArchiveMembers(context);
    let inMemory = 0;
    try {
      for await (const { entry, body } of readTar(await decompressAny(source))) {
        const path = splitPath(entry.name)?.join("/");
        if (path === undefined) throw refuse("path", entry.name);
        if (entry.type === "symlink" || entry.type === "hardlink") {
          const base = entry.type === "symlink" ? path.split("/").slice(0, -1).join("/") : "";
          const target = splitPath(`${base}/${entry.linkName}`)?.join("/");
          if (target === undefined) throw refuse("link", entry.name);
          archive.#members.set(path, { kind: "link", target });
        } else if (entry.type === "file") {
          const isSmall = entry.size <= smallFile && inMemory + entry.size <= smallFilesTogether;
          if (isSmall) inMemory += entry.size;
          const member = isSmall
            ? { kind: "bytes" as const, bytes: await collectBytes(body) }
            : await archive.#store(body);
          archive.#members.set(path, member);
        }
      }
    } catch (error) {
      await archive.discard();
      throw error;
    }
    return archive;
  }

  has(path: string): boolean {
    return this.#find(path) !== undefined;
  }

  size(path: string): number {
    const member = this.#require(path);
    return member.kind === "bytes" ? member.bytes.length : member.size;
  }

  async bytes(path: string): Promise<Uint8Array> {
    const member = this.#require(path);
    return member.kind === "bytes" ? member.bytes : await this.#context.blobs.read(member.digest, 0, member.size);
  }

  async json(path: string): Promise<unknown> {
    const bytes = await this.bytes(path);
    try {
      return JSON.parse(new TextDecoder().decode(bytes));
    } catch (cause) {
      throw new EngineError("invalidParameter", `invalid ${path} in archive: no JSON`, { cause });
    }
  }

  /** Makes the member a layer. Its uncompressed content must have the diff id. */
  async addLayer(path: string, diffId: Digest): Promise<void> {
    const member = this.#require(path);
    const { layers, blobs } = this.#context;
    if (member.kind === "blob" && member.digest === diffId) await layers.adopt(diffId, member.index);
    else {
      const stream = member.kind === "bytes" ? streamOfBytes(member.bytes) : blobs.open(member.digest);
      await layers.addTar(stream, { expected: diffId });
    }
  }

  /** Drops what was stored and became no layer. */
  async discard(): Promise<void> {
    const stored = [...this.#members.values()].flatMap((member) => (member.kind === "blob" ? member.digest : []));
    await this.#context.layers.discard(stored.filter((digest) => this.#context.store.get(digest) === undefined));
  }

  /** A layer's tar is indexed while it passes; what is no tar has no index. */
  async #store(body: ReadableStream<Uint8Array>): Promise<Content> {
    let indexer: TarIndexer | undefined = new TarIndexer();
    const attempt = (step: (indexer: TarIndexer) => void): void => {
      try {
        if (indexer !== undefined) step(indexer);
      } catch {
        indexer = undefined;
      }
    };
    const watched = body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          attempt((open) => open.push(chunk));
          controller.enqueue(chunk);
        },
      }),
    );
    const { digest, size } = await this.#context.blobs.ingest(watched);
    attempt((open) => open.finish());
    return { kind: "blob", digest, size, index: indexer?.index() };
  }

  #find(path: string): Content | undefined {
    let member = this.#members.get(splitPath(path)?.join("/") ?? "");
    for (let hops = 0; member?.kind === "link" && hops < maxLinks; hops++) member = this.#members.get(member.target);
    return member?.kind === "link" ? undefined : member;
  }

  #require(path: string): Content {
    const member = this.#find(path);
    // moby unpacks into a folder of this kind and reports what it cannot open there.
    if (member === undefined)
      throw new EngineError("system", `open /var/lib/docker/tmp/docker-import-0/${path}: no such file or directory`);
    return member;
  }
}

const refuse = (what: string, name: string): EngineError =>
  new EngineError("invalidParameter", `invalid ${what} in archive: ${JSON.stringify(name.slice(0, 200))}`);
