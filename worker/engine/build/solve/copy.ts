/**
 * COPY and ADD without the guest: what is copied is chosen in the source's tree, checked against the destination's, and written as the
 * layer's tar. Follows BuildKit's file operations (util/fsutil copy).
 */
import { decompressAny, detectCompression } from "../../compression.ts";
import type { FileNode } from "../../images/file-tree.ts";
import type { TarType } from "../../tar-format.ts";
import { readTar } from "../../tar-reader.ts";
import type { TarInput } from "../../tar-writer.ts";
import { DockerfileError, PatternMatcher } from "../dockerfile/index.ts";
import { type ModeChange, parseChmod } from "../files/chmod.ts";
import { digestBytes, digestText, fileDigest } from "../files/digest.ts";
import { expandGlob, hasWildcards } from "../files/glob.ts";
import { findOwner, type Owner } from "../files/owner.ts";
import { byBytes, type Found, type RootView, readFileOf, readPart, type ViewNode } from "../files/root-view.ts";
import type { CopyStep } from "../plan/steps.ts";
import { LayerDraft } from "./layer-draft.ts";

/** Bytes that come from somewhere else than a tree: a URL's answer, an inline document. */
export interface LooseFile {
  readonly name: string;
  readonly content: Uint8Array;
  readonly mode: number;
  readonly mtime: number | undefined;
  /** Its members are meant, not the archive itself. */
  readonly isArchive?: boolean;
  /** What a cache knows it by instead of its content. */
  readonly identity?: string;
}

export interface CopyRequest {
  readonly step: CopyStep;
  readonly source: RootView;
  /** Names the source in errors; random, as BuildKit's ids of snapshots. */
  readonly sourceId: string;
  /** What is there already: of `--link` nothing, whatever the stage has. */
  readonly destination: RootView;
  /** The stage, whose accounts `--chown` names. */
  readonly stage: RootView;
  readonly loose: readonly LooseFile[];
}

/** One source of a COPY, found. */
interface Selected {
  readonly found: Found;
  /** Its place below the destination where `--parents` keeps the path. */
  readonly keep: string | undefined;
}

export interface Selection {
  readonly files: readonly Selected[];
  /** What the cache compares: paths below the destination with what is there. */
  readonly checksums: Readonly<Record<string, string>>;
}

export async function selectSources(request: CopyRequest): Promise<Selection> {
  const { step, loose } = request;
  const files = step.sources.flatMap((source) => findSource(request, source));
  const checksums: Record<string, string> = {};
  const excluded = new PatternMatcher(step.exclude);
  for (const { found, keep } of files) {
    const prefix = keep ?? (found.node.type === "directory" ? "" : baseName(found.path));
    for (const [path, view] of walk(request.source, found, excluded))
      checksums[joinNames(prefix, path) || "."] = await checksumOf(view);
  }
  for (const { name, content, mode, identity } of loose)
    checksums[name] = identity ?? `file ${mode.toString(8)} ${digestBytes(content)}`;
  return { files, checksums };
}

function findSource({ source, sourceId, step }: CopyRequest, text: string): readonly Selected[] {
  const notFound = (path: string): DockerfileError =>
    new DockerfileError(
      `failed to compute cache key: failed to calculate checksum of ref ${sourceId}: ${JSON.stringify(path)}: not found`,
    );
  if (!step.parents) {
    const path = absolute(text);
    if (hasWildcards(path))
      return expandGlob(source, path).flatMap((match) => {
        const found = source.find(match);
        return found === undefined ? [] : [{ found, keep: undefined }];
      });
    const found = source.find(path);
    if (found === undefined) throw notFound(path);
    return [{ found, keep: undefined }];
  }
  // "/./" says where the kept part of the path begins.
  const pivot = text.indexOf("/./");
  const base = pivot < 0 ? "/" : absolute(text.slice(0, pivot));
  const rest = absolute(pivot < 0 ? text : text.slice(pivot + 2));
  const pattern = `${base === "/" ? "" : base}${rest}`;
  const matches = hasWildcards(pattern) ? expandGlob(source, pattern) : [pattern];
  return matches.map((match) => {
    const found = source.find(match, false);
    if (found === undefined) throw notFound(match);
    return { found, keep: match.slice(base === "/" ? 1 : base.length + 1) };
  });
}

function absolute(path: string): string {
  const names: string[] = [];
  for (const name of path.split("/"))
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  return `/${names.join("/")}`;
}

/** The file itself as "", then what is below it, parents first. */
function* walk(
  view: RootView,
  from: ViewNode,
  excluded: PatternMatcher,
  path = "",
): Generator<readonly [path: string, view: ViewNode]> {
  const skip = path !== "" && !excluded.isEmpty && excluded.matches(path);
  if (skip && (from.node.type !== "directory" || !excluded.hasExclusions)) return;
  if (!skip) yield [path, from];
  if (from.node.type === "directory")
    for (const [name, child] of view.children(from)) yield* walk(view, child, excluded, joinNames(path, name));
}

/** Everything that BuildKit's content hash covers; times are not part of it. */
async function checksumOf(view: ViewNode): Promise<string> {
  const { type, mode, uid, gid, linkTarget, major, minor, xattrs } = view.node;
  const head = `${type} ${mode.toString(8)} ${uid}:${gid}`;
  const more =
    xattrs === undefined ? "" : ` ${digestText(JSON.stringify(Object.entries(xattrs).map(([k, v]) => [k, [...v]])))}`;
  if (type === "file") return `${head} ${await fileDigest(view)}${more}`;
  if (type === "symlink") return `${head} ${linkTarget}${more}`;
  return type === "char" || type === "block" ? `${head} ${major},${minor}${more}` : `${head}${more}`;
}

/** Members of the layer that the step makes, parents first. */
export async function copyLayer(
  request: CopyRequest,
  selection: Selection,
  now: number,
): Promise<AsyncIterable<TarInput>> {
  const { step } = request;
  const owner = step.chown === "" ? undefined : await findOwner(step.chown, request.stage);
  const draft = new LayerDraft(request.destination, now, owner);
  const copy = new Copying(request, draft, owner);
  for (const { found, keep } of selection.files) await copy.add(found, keep);
  for (const file of request.loose) await copy.addLoose(file);
  return draft.members();
}

class Copying {
  readonly #request: CopyRequest;
  readonly #draft: LayerDraft;
  readonly #owner: Owner | undefined;
  readonly #chmod: ModeChange;
  readonly #excluded: PatternMatcher;

  constructor(request: CopyRequest, draft: LayerDraft, owner: Owner | undefined) {
    this.#request = request;
    this.#draft = draft;
    this.#owner = owner;
    this.#chmod = parseChmod(request.step.chmod);
    this.#excluded = new PatternMatcher(request.step.exclude);
  }

  async add(found: Found, keep: string | undefined): Promise<void> {
    const { step } = this.#request;
    const unpack = step.unpack ?? step.add;
    if (unpack && found.node.type === "file" && (await isArchive(found))) return this.#unpack(readFileOf(found));
    if (keep !== undefined) this.#keepParents(found, keep);
    const target =
      keep !== undefined
        ? joinNames(trimSlash(step.destination), keep)
        : found.node.type === "directory"
          ? step.destination
          : this.#fileTarget(baseName(found.path));
    for (const [path, view] of walk(this.#request.source, found, this.#excluded)) {
      const place = path === "" ? target : joinNames(trimSlash(target), path);
      // Of a directory the content is copied, and its time: where it goes to stays as it is, or is made as any other directory.
      // A root directory is as old as the builder's copy of it.
      if (path === "" && keep === undefined && view.node.type === "directory")
        this.#draft.put(place, undefined, found.path === "/" ? undefined : view.node.mtime);
      else this.#put(place, view.node, view.node.type === "file" ? readFileOf(view) : undefined);
    }
  }

  /** `--parents` copies the directories on the way with their modes and owners. */
  #keepParents(found: Found, keep: string): void {
    const names = keep.split("/").slice(0, -1);
    const above = found.path.split("/").slice(1, -1);
    for (let i = 0; i < names.length; i++) {
      const view = this.#request.source.find(above.slice(0, above.length - names.length + i + 1).join("/"));
      if (view !== undefined)
        this.#put(
          joinNames(trimSlash(this.#request.step.destination), names.slice(0, i + 1).join("/")),
          view.node,
          undefined,
        );
    }
  }

  async addLoose({ name, content, mode, mtime, isArchive }: LooseFile): Promise<void> {
    if (isArchive === true || (this.#request.step.unpack === true && detectCompression(content) !== "none"))
      return this.#unpack(new Blob([content as Uint8Array<ArrayBuffer>]).stream());
    this.#draft.put(this.#fileTarget(name), {
      header: {
        type: "file",
        mode: this.#chmod(mode, false),
        uid: this.#owner?.uid ?? 0,
        gid: this.#owner?.gid ?? 0,
        size: content.length,
        ...(mtime === undefined ? {} : { mtime }),
      },
      body: content,
    });
  }

  /** Into the destination when that is a directory, else under its name. */
  #fileTarget(name: string): string {
    const { destination } = this.#request.step;
    const into = destination.endsWith("/") || this.#draft.typeOf(destination) === "directory";
    // A link that the instruction itself names is followed; one that a directory's copy comes upon is replaced.
    return into ? joinNames(trimSlash(destination), name) : this.#request.destination.resolve(destination);
  }

  #put(path: string, node: FileNode<unknown>, body: ReadableStream<Uint8Array> | undefined): void {
    const { type } = node;
    if (type === "socket") return;
    const chmod = type === "symlink" ? node.mode : this.#chmod(node.mode, type === "directory");
    this.#draft.put(path, {
      header: {
        type: type as TarType,
        mode: chmod,
        uid: this.#owner?.uid ?? node.uid,
        gid: this.#owner?.gid ?? node.gid,
        mtime: node.mtime,
        ...(type === "file" ? { size: node.size } : {}),
        ...(type === "symlink" ? { linkName: node.linkTarget } : {}),
        ...(type === "char" || type === "block" ? { major: node.major, minor: node.minor } : {}),
        ...attributes(node),
      },
      ...(body === undefined ? {} : { body }),
    });
  }

  async #unpack(source: ReadableStream<Uint8Array>): Promise<void> {
    const directory = trimSlash(this.#request.step.destination);
    this.#draft.put(`${directory}/`, undefined);
    for await (const { entry, body } of readTar(await decompressAny(source))) {
      const path = joinNames(directory, absolute(entry.name).slice(1));
      const { name: _name, offset: _offset, userName: _user, groupName: _group, linkName, ...header } = entry;
      const content =
        entry.type === "file"
          ? new Uint8Array(await new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer())
          : undefined;
      this.#draft.put(path, {
        header: {
          ...header,
          ...(this.#owner ?? {}),
          linkName:
            entry.type === "hardlink"
              ? this.#draft.placeOf(joinNames(directory, absolute(linkName).slice(1))).slice(1)
              : linkName,
        },
        ...(content === undefined ? {} : { body: content }),
      });
    }
  }
}

/** Marks of overlayfs belong to the layer that they are from. */
function attributes({ xattrs }: FileNode<unknown>): { readonly xattrs?: Readonly<Record<string, Uint8Array>> } {
  const own = Object.entries(xattrs ?? {}).filter(([name]) => !name.startsWith("trusted.overlay."));
  return own.length === 0 ? {} : { xattrs: Object.fromEntries(own) };
}

/** A tar, plain or in a compression that Docker knows; a gzip that holds no tar is a file like others. */
async function isArchive(view: Found): Promise<boolean> {
  if (view.node.size < 512 && detectCompression(await readPart(view, 0, Math.min(10, view.node.size))) === "none")
    return false;
  let block: Uint8Array;
  try {
    const reader = (await decompressAny(readFileOf(view))).getReader();
    block = new Uint8Array();
    while (block.length < 512) {
      const { done, value } = await reader.read();
      if (done) break;
      const joined = new Uint8Array(block.length + value.length);
      joined.set(block);
      joined.set(value, block.length);
      block = joined;
    }
    await reader.cancel().catch(() => undefined);
  } catch {
    return false;
  }
  if (block.length < 512) return false;
  const sum = block.subarray(0, 512).reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  const stored = /^\s*([0-7]+)/.exec(new TextDecoder("latin1").decode(block.subarray(148, 156)));
  return stored !== null && Number.parseInt(stored[1] ?? "", 8) === sum;
}

export const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
export const trimSlash = (path: string): string => (path.length > 1 ? path.replace(/\/+$/, "") : "");
export const joinNames = (a: string, b: string): string => (a === "" ? b : b === "" ? a : `${a}/${b}`);
export { byBytes };
