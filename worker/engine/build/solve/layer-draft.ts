/** A layer while it is put together: entries by path, and the directories above them as the image has them already. */
import type { TarInput } from "../../tar-writer.ts";
import { DockerfileError } from "../dockerfile/index.ts";
import type { Owner } from "../files/owner.ts";
import { byBytes, type RootView } from "../files/root-view.ts";

export interface DraftEntry {
  readonly header: Omit<TarInput["header"], "name">;
  readonly body?: NonNullable<TarInput["body"]>;
}

export class LayerDraft {
  readonly #below: RootView;
  readonly #now: number;
  readonly #owner: Owner | undefined;
  /** By absolute path, links of the image resolved. */
  readonly #entries = new Map<string, DraftEntry>();

  /** `owner`: of directories that have to be made. */
  constructor(below: RootView, now: number, owner: Owner | undefined) {
    this.#below = below;
    this.#now = now;
    this.#owner = owner;
  }

  /** Of what is at the path: in the draft, else below it. */
  typeOf(path: string): string | undefined {
    const place = this.#resolve(path);
    return this.#entries.get(place)?.header.type ?? this.#below.find(place)?.node.type;
  }

  /** The place of a path in the layer, links on the way resolved. */
  placeOf(path: string): string {
    const clean = path.replace(/\/+$/, "");
    const slash = clean.lastIndexOf("/");
    const parent = this.#resolve(clean.slice(0, slash));
    return `${parent === "/" ? "" : parent}/${clean.slice(slash + 1)}`;
  }

  /** Without an entry: a directory that is to exist, with the time of its change. */
  put(path: string, entry: DraftEntry | undefined, changed = this.#now): void {
    const given = path.startsWith("/") ? path : `/${path}`;
    const isDirectory = entry === undefined || entry.header.type === "directory";
    // A link at the end is followed to the directory that it names, and replaced by anything else.
    const place = isDirectory ? this.#resolve(given) : this.placeOf(given);
    this.#makeParents(place);
    const existing = this.#entries.get(place)?.header.type ?? this.#below.find(place, false)?.node.type;
    if (isDirectory) {
      if (existing !== undefined && existing !== "directory")
        throw new DockerfileError(`cannot copy to non-directory: ${place}`);
      if (entry === undefined) this.#makeDirectory(place, changed);
      else if (place !== "/" || existing === undefined) this.#entries.set(place, entry);
      return;
    }
    if (existing === "directory") throw new DockerfileError(`cannot replace to directory ${place} with file`);
    this.#entries.set(place, entry);
  }

  async *members(): AsyncGenerator<TarInput> {
    const sorted = [...this.#entries].sort(([a], [b]) => byBytes(a.replaceAll("/", "\0"), b.replaceAll("/", "\0")));
    // Hard links of unpacked archives follow what they name.
    const [links, others] = [sorted.filter(isLink), sorted.filter((item) => !isLink(item))];
    for (const [path, { header, body }] of [...others, ...links])
      if (path !== "/")
        yield { header: { ...header, name: path.slice(1) }, ...(body === undefined ? {} : { body }) } as TarInput;
  }

  #resolve(path: string): string {
    return this.#below.resolve(path);
  }

  #makeParents(place: string): void {
    const names = place.split("/").slice(1, -1);
    for (let i = 1; i < names.length; i++) this.#makeDirectory(`/${names.slice(0, i).join("/")}`, undefined);
    this.#makeDirectory(`/${names.join("/")}`, this.#now);
  }

  /** `changed`: when it got an entry; else a directory that is there keeps its time. */
  #makeDirectory(place: string, changed: number | undefined): void {
    if (place === "/" || place === "") return;
    const drafted = this.#entries.get(place);
    if (drafted !== undefined) {
      if (drafted.header.type !== "directory") throw new DockerfileError(`mkdir ${place}: not a directory`);
      return;
    }
    const existing = this.#below.find(place, false)?.node;
    if (existing !== undefined && existing.type !== "directory")
      throw new DockerfileError(`mkdir ${place}: not a directory`);
    const { mode, uid, gid, mtime } = existing ?? { mode: 0o755, uid: 0, gid: 0, mtime: this.#now, ...this.#owner };
    this.#entries.set(place, { header: { type: "directory", mode, uid, gid, mtime: changed ?? mtime } });
  }
}

const isLink = ([, { header }]: readonly [string, DraftEntry]): boolean => header.type === "hardlink";
