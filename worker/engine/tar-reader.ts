/** Reads tar archives as they come in: a push parser for those who watch a stream pass, and an iterator over it. */
import {
  checksumMatches,
  invalidHeader,
  parsePax,
  readNumber,
  readText,
  type TarEntry,
  tarBlock,
  tarError,
  tarPadding,
  tarTypes,
  xattrPrefix,
} from "./tar-format.ts";

export interface TarHandler {
  entry(entry: TarEntry): void;
  /** Bytes of the last entry. */
  data?(chunk: Uint8Array): void;
  /** After the last byte of an entry. */
  entryEnd?(): void;
}

/** A pax header or a long name is metadata that is held in memory; nobody needs more of it. */
const maxMetadata = 1 << 20;

type State =
  | { readonly kind: "header" }
  /** Bytes of a pax header or GNU long name are gathered. */
  | { readonly kind: "metadata"; readonly flag: string; readonly data: Uint8Array; filled: number }
  | { readonly kind: "data"; left: number; readonly padding: number }
  | { readonly kind: "skip"; left: number }
  | { readonly kind: "end" };

export class TarParser {
  readonly #handler: TarHandler;
  #state: State = { kind: "header" };
  readonly #header = new Uint8Array(tarBlock);
  #headerFilled = 0;
  #offset = 0;
  #pax = new Map<string, Uint8Array>();
  #globalPax = new Map<string, Uint8Array>();
  #longName: string | undefined;
  #longLink: string | undefined;
  #zeroBlocks = 0;
  #seen = false;

  constructor(handler: TarHandler) {
    this.#handler = handler;
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && this.#state.kind !== "end"; ) {
      const taken = this.#take(chunk.subarray(at));
      at += taken;
      this.#offset += taken;
      this.#advance();
    }
  }

  /** To be called at the end of the input; throws when the archive is cut off. */
  finish(): void {
    const state = this.#state;
    if (state.kind === "end") return;
    if (state.kind === "header" && this.#headerFilled === 0 && (this.#seen || this.#zeroBlocks > 0)) return;
    if (state.kind === "header" && this.#offset === 0) return;
    if (state.kind === "skip") return;
    throw tarError("unexpected EOF");
  }

  /** Consumes at least one byte. */
  #take(chunk: Uint8Array): number {
    const state = this.#state;
    switch (state.kind) {
      case "header": {
        const part = chunk.subarray(0, tarBlock - this.#headerFilled);
        this.#header.set(part, this.#headerFilled);
        this.#headerFilled += part.length;
        return part.length;
      }
      case "metadata": {
        const part = chunk.subarray(0, state.data.length - state.filled);
        state.data.set(part, state.filled);
        state.filled += part.length;
        return part.length;
      }
      case "data": {
        const part = chunk.subarray(0, state.left);
        this.#handler.data?.(part);
        state.left -= part.length;
        return part.length;
      }
      case "skip": {
        const length = Math.min(state.left, chunk.length);
        state.left -= length;
        return length;
      }
      case "end":
        return chunk.length;
    }
  }

  #advance(): void {
    const state = this.#state;
    switch (state.kind) {
      case "header":
        if (this.#headerFilled < tarBlock) return;
        this.#headerFilled = 0;
        this.#acceptHeader(this.#header);
        return;
      case "metadata":
        if (state.filled < state.data.length) return;
        this.#acceptMetadata(state.flag, state.data);
        this.#skip(tarPadding(state.data.length));
        return;
      case "data":
        if (state.left > 0) return;
        this.#handler.entryEnd?.();
        this.#skip(state.padding);
        return;
      case "skip":
        if (state.left === 0) this.#state = { kind: "header" };
        return;
      case "end":
    }
  }

  #skip(length: number): void {
    this.#state = length === 0 ? { kind: "header" } : { kind: "skip", left: length };
  }

  #acceptHeader(block: Uint8Array): void {
    if (block.every((byte) => byte === 0)) {
      if (++this.#zeroBlocks === 2) this.#state = { kind: "end" };
      return;
    }
    this.#zeroBlocks = 0;
    if (!checksumMatches(block)) throw invalidHeader();
    this.#seen = true;
    const flag = String.fromCharCode(block[156] ?? 0);
    const size = readNumber(block, 124, 12);
    if (size < 0) throw invalidHeader();
    if ("xgLK".includes(flag)) {
      if (size > maxMetadata) throw invalidHeader();
      if (size > 0) this.#state = { kind: "metadata", flag, data: new Uint8Array(size), filled: 0 };
      return;
    }
    const entry = this.#entry(block, flag, size);
    this.#pax = new Map();
    this.#longName = undefined;
    this.#longLink = undefined;
    this.#handler.entry(entry);
    if (entry.size > 0) this.#state = { kind: "data", left: entry.size, padding: tarPadding(entry.size) };
    else {
      this.#handler.entryEnd?.();
      // A directory of the oldest kind may claim to have data.
      if (flag === "\0") this.#skip(size + tarPadding(size));
    }
  }

  #acceptMetadata(flag: string, data: Uint8Array): void {
    if (flag === "x") this.#pax = parsePax(data);
    else if (flag === "g") for (const [key, value] of parsePax(data)) this.#globalPax.set(key, value);
    else if (flag === "L") this.#longName = readText(data, 0, data.length);
    else this.#longLink = readText(data, 0, data.length);
  }

  #entry(block: Uint8Array, flag: string, headerSize: number): TarEntry {
    const magic = readText(block, 257, 6);
    const prefix = magic === "ustar" ? readText(block, 345, 155) : "";
    const short = readText(block, 0, 100);
    const name = this.#text("path") ?? this.#longName ?? (prefix === "" ? short : `${prefix}/${short}`);
    if (flag === "S" || this.#text("GNU.sparse.major") !== undefined)
      throw tarError(`archive/tar: sparse file ${JSON.stringify(name)} is not supported`);
    const listed = tarTypes[flag];
    if (listed === undefined) throw tarError(`unhandled tar header type ${flag.charCodeAt(0)}`);
    // Archives older than POSIX mark directories by the slash alone.
    const type = flag === "\0" && name.endsWith("/") ? "directory" : listed;
    return {
      name,
      type,
      mode: readNumber(block, 100, 8) & 0o7777,
      uid: this.#identity(this.#number("uid") ?? readNumber(block, 108, 8)),
      gid: this.#identity(this.#number("gid") ?? readNumber(block, 116, 8)),
      size: type === "file" ? this.#size(this.#number("size") ?? headerSize) : 0,
      mtime: this.#time(this.#number("mtime") ?? readNumber(block, 136, 12)),
      linkName: this.#text("linkpath") ?? this.#longLink ?? readText(block, 157, 100),
      major: readNumber(block, 329, 8),
      minor: readNumber(block, 337, 8),
      userName: this.#text("uname") ?? readText(block, 265, 32),
      groupName: this.#text("gname") ?? readText(block, 297, 32),
      ...this.#xattrs(),
      offset: this.#offset,
    };
  }

  #record(key: string): Uint8Array | undefined {
    return this.#pax.get(key) ?? this.#globalPax.get(key);
  }

  #text(key: string): string | undefined {
    const value = this.#record(key);
    return value === undefined || value.length === 0 ? undefined : new TextDecoder().decode(value);
  }

  #number(key: string): number | undefined {
    const text = this.#text(key);
    if (text === undefined) return undefined;
    if (!/^-?\d+(\.\d*)?$/.test(text)) throw invalidHeader();
    return Number(text);
  }

  #identity(value: number): number {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) throw invalidHeader();
    return value;
  }

  #size(value: number): number {
    if (!Number.isSafeInteger(value) || value < 0) throw invalidHeader();
    return value;
  }

  /** Times that no file system holds become the epoch, as moby sets them. */
  #time(value: number): number {
    return value < 0 || value > 2 ** 33 ? 0 : value;
  }

  #xattrs(): { readonly xattrs?: Readonly<Record<string, Uint8Array>> } {
    const xattrs: Record<string, Uint8Array> = {};
    let found = false;
    for (const [key, value] of this.#pax)
      if (key.startsWith(xattrPrefix)) {
        xattrs[key.slice(xattrPrefix.length)] = value;
        found = true;
      }
    return found ? { xattrs } : {};
  }
}

export interface TarMember {
  readonly entry: TarEntry;
  /** The entry's bytes. What is left of it when the next member is asked for is skipped. */
  readonly body: ReadableStream<Uint8Array>;
}

type Event = { readonly entry: TarEntry } | { readonly data: Uint8Array } | { readonly end: true };

/** Members of an archive in order; reads no further ahead than the chunk in hand. */
export async function* readTar(source: ReadableStream<Uint8Array>): AsyncGenerator<TarMember, void, undefined> {
  const reader = source.getReader();
  const events: Event[] = [];
  const parser = new TarParser({
    entry: (entry) => events.push({ entry }),
    data: (data) => events.push({ data }),
    entryEnd: () => events.push({ end: true }),
  });
  let finished = false;
  const next = async (): Promise<Event | undefined> => {
    while (events.length === 0 && !finished) {
      const { done, value } = await reader.read();
      if (done) {
        finished = true;
        parser.finish();
      } else parser.push(value);
    }
    return events.shift();
  };
  try {
    for (let event = await next(); event !== undefined; event = await next()) {
      if (!("entry" in event)) continue;
      let open = true;
      const pull = async (): Promise<Uint8Array | undefined> => {
        const part = open ? await next() : undefined;
        if (part !== undefined && "data" in part) return part.data;
        open = false;
        return undefined;
      };
      yield {
        entry: event.entry,
        body: new ReadableStream(
          {
            async pull(controller) {
              const data = await pull();
              if (data === undefined) controller.close();
              else controller.enqueue(data);
            },
          },
          { highWaterMark: 0 },
        ),
      };
      while ((await pull()) !== undefined);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
