/**
 * Log drivers json-file, local and none over the LogStore. Lines are kept as json-file writes them; `local` differs in its
 * defaults (20 MB, five files) alone. Rotation renames NAME to NAME.1 and so on.
 */

import { syntaxError } from "../../go/strconv.ts";
import { parseSize } from "../../go/units.ts";
import { ValueError } from "../../go/value-error.ts";
import { EngineError } from "../errors.ts";
import type { Clock } from "../ports/host.ts";
import type { LogStore } from "../ports/storage.ts";
import { decodeEntry, encodeEntry, LineSplitter, type LogEntry } from "./log-entry.ts";
import type { StreamName } from "./stdcopy.ts";

export interface ReadOptions {
  readonly follow: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Milliseconds since 1970. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Absent: all. */
  readonly tail?: number | undefined;
  readonly signal: AbortSignal;
}

export interface ContainerLog {
  write(stream: StreamName, data: Uint8Array): void | Promise<void>;
  /** Ends the run: unfinished lines are written, followers are told. */
  endRun(): Promise<void>;
  read(options: ReadOptions): AsyncIterable<LogEntry>;
  remove(): Promise<void>;
  /** Lines that have begun and not ended, for a checkpoint. */
  readonly begun: BegunLines;
}

export type BegunLines = Readonly<Record<StreamName, Uint8Array>>;

export interface LogSettings {
  readonly type: string;
  readonly maxSize: number | undefined;
  readonly maxFiles: number;
}

/** In powers of 1000, as both of moby's drivers read it. */
function readSize(text: string): number {
  try {
    return parseSize(text);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new EngineError("invalidParameter", `failed to initialize logging driver: ${error.message}`);
  }
}

/** Throws what dockerd answers at the start of a container whose log options make no sense. */
export function readLogSettings(config: {
  readonly Type: string;
  readonly Config: Readonly<Record<string, string>>;
}): LogSettings {
  const local = config.Type === "local";
  const { "max-size": size, "max-file": files } = config.Config;
  const maxSize = size === undefined ? (local ? 20 * 1024 ** 2 : undefined) : readSize(size);
  if (files !== undefined && !/^\d+$/.test(files))
    throw new EngineError("invalidParameter", `failed to initialize logging driver: ${syntaxError("Atoi", files)}`);
  const maxFiles = files === undefined ? (local ? 5 : 1) : Number(files);
  if (maxFiles < 1)
    throw new EngineError("invalidParameter", "failed to initialize logging driver: max-file cannot be less than 1");
  if (!local && config.Config.compress === "true" && (maxFiles < 2 || maxSize === undefined))
    throw new EngineError(
      "invalidParameter",
      "failed to initialize logging driver: compress cannot be true when max-file is less than 2 or max-size is not set",
    );
  return { type: config.Type, maxSize, maxFiles };
}

/** `begun`: lines that had begun at the checkpoint to which the machine was put back. */
export function openLog(
  name: string,
  settings: LogSettings,
  store: LogStore,
  clock: Clock,
  begun: BegunLines = nothingBegun,
): ContainerLog {
  return settings.type === "none" ? silentLog : new FileLog(name, settings, store, clock, begun);
}

const nothingBegun: BegunLines = { stdout: new Uint8Array(0), stderr: new Uint8Array(0) };

const silentLog: ContainerLog = {
  write() {},
  async endRun() {},
  read() {
    throw new EngineError("notImplemented", "configured logging driver does not support reading");
  },
  async remove() {},
  begun: nothingBegun,
};

/** Bytes that may wait for the store before the writer has to. */
const writeAhead = 1 << 20;
const chunkSize = 64 * 1024;

class FileLog implements ContainerLog {
  readonly #name: string;
  readonly #settings: LogSettings;
  readonly #store: LogStore;
  readonly #clock: Clock;
  readonly #splitters: Readonly<Record<StreamName, LineSplitter>>;
  readonly #followers = new Set<{ entry(entry: LogEntry): void; end(): void }>();
  readonly #encoder = new TextEncoder();
  #appended: Promise<void> = Promise.resolve();
  #waiting = 0;
  #size: number | undefined;

  constructor(name: string, settings: LogSettings, store: LogStore, clock: Clock, begun: BegunLines) {
    this.#splitters = { stdout: new LineSplitter(begun.stdout), stderr: new LineSplitter(begun.stderr) };
    this.#name = name;
    this.#settings = settings;
    this.#store = store;
    this.#clock = clock;
  }

  get begun(): BegunLines {
    return { stdout: this.#splitters.stdout.rest, stderr: this.#splitters.stderr.rest };
  }

  write(stream: StreamName, data: Uint8Array): void | Promise<void> {
    const entries: LogEntry[] = [];
    const time = this.#clock.now().getTime();
    this.#splitters[stream].push(data, (text) => void entries.push({ stream, time, text }));
    if (entries.length === 0) return;
    this.#append(entries);
    if (this.#waiting > writeAhead) return this.#appended;
  }

  async endRun(): Promise<void> {
    const entries: LogEntry[] = [];
    const time = this.#clock.now().getTime();
    for (const stream of ["stdout", "stderr"] as const)
      this.#splitters[stream].flush((text) => void entries.push({ stream, time, text }));
    if (entries.length > 0) this.#append(entries);
    for (const follower of [...this.#followers]) follower.end();
    await this.#appended;
  }

  #append(entries: readonly LogEntry[]): void {
    for (const follower of this.#followers) for (const entry of entries) follower.entry(entry);
    const bytes = this.#encoder.encode(entries.map(encodeEntry).join(""));
    this.#waiting += bytes.length;
    this.#appended = this.#appended
      .then(() => this.#keep(bytes))
      // A full disk loses log lines; the container goes on, as with dockerd.
      .catch(() => {})
      .finally(() => {
        this.#waiting -= bytes.length;
      });
  }

  async #keep(bytes: Uint8Array): Promise<void> {
    const { maxSize } = this.#settings;
    if (maxSize !== undefined) {
      this.#size ??= await this.#store.size(this.#name);
      if (this.#size > 0 && this.#size + bytes.length > maxSize) await this.#rotate();
      this.#size += bytes.length;
    }
    await this.#store.append(this.#name, bytes);
  }

  async #rotate(): Promise<void> {
    const { maxFiles } = this.#settings;
    const name = (i: number): string => (i === 0 ? this.#name : `${this.#name}.${i}`);
    await this.#store.delete(name(maxFiles - 1));
    for (let i = maxFiles - 2; i >= 0; i--)
      if ((await this.#store.size(name(i))) > 0) await this.#store.rename(name(i), name(i + 1));
    this.#size = 0;
  }

  async *read(options: ReadOptions): AsyncGenerator<LogEntry> {
    const live: LogEntry[] = [];
    let wake = (): void => {};
    let ended = !options.follow;
    const follower = {
      entry: (entry: LogEntry): void => {
        live.push(entry);
        wake();
      },
      end: (): void => {
        ended = true;
        wake();
      },
    };
    const abort = (): void => follower.end();
    if (options.follow) this.#followers.add(follower);
    options.signal.addEventListener("abort", abort);
    try {
      await this.#appended;
      // What was appended meanwhile is both in the file and in `live`: the file counts up to here.
      const known = live.length;
      const wanted = (e: LogEntry): boolean =>
        (e.stream === "stdout" ? options.stdout : options.stderr) &&
        (options.since === undefined || e.time >= options.since);
      for await (const entry of this.#stored(options.tail)) {
        if (options.signal.aborted) return;
        if (options.until !== undefined && entry.time > options.until) return;
        if (wanted(entry)) yield entry;
      }
      live.splice(0, known);
      for (;;) {
        for (let entry = live.shift(); entry !== undefined; entry = live.shift()) {
          if (options.until !== undefined && entry.time > options.until) return;
          if (wanted(entry)) yield entry;
        }
        if (ended || options.signal.aborted) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      this.#followers.delete(follower);
      options.signal.removeEventListener("abort", abort);
    }
  }

  /** Oldest first; with `tail`, the last so many lines. */
  async *#stored(tail: number | undefined): AsyncGenerator<LogEntry> {
    const files: { name: string; size: number }[] = [];
    for (let i = this.#settings.maxFiles - 1; i >= 0; i--) {
      const name = i === 0 ? this.#name : `${this.#name}.${i}`;
      const size = await this.#store.size(name);
      if (size > 0) files.push({ name, size });
    }
    let skipFiles = 0;
    let start = 0;
    if (tail !== undefined) {
      let left = tail;
      skipFiles = files.length;
      for (let i = files.length - 1; i >= 0 && left > 0; i--) {
        const file = files[i];
        if (file === undefined) break;
        skipFiles = i;
        const found = await this.#startOfTail(file, left);
        start = found.offset;
        left -= found.lines;
      }
    }
    for (const { name, size } of files.slice(skipFiles)) {
      yield* this.#lines(name, start, size);
      start = 0;
    }
  }

  async #startOfTail(file: { name: string; size: number }, lines: number): Promise<{ offset: number; lines: number }> {
    let found = 0;
    for (let end = file.size; end > 0; ) {
      const from = Math.max(0, end - chunkSize);
      const chunk = await this.#store.read(file.name, from, end - from);
      for (let i = chunk.length - 1; i >= 0; i--) {
        // The newline at the very end closes the last line.
        if (chunk[i] !== 10 || from + i === file.size - 1) continue;
        if (++found === lines) return { offset: from + i + 1, lines };
      }
      end = from;
    }
    return { offset: 0, lines: found + 1 };
  }

  async *#lines(name: string, start: number, size: number): AsyncGenerator<LogEntry> {
    const decoder = new TextDecoder();
    let rest = "";
    for (let at = start; at < size; ) {
      const chunk = await this.#store.read(name, at, Math.min(chunkSize, size - at));
      if (chunk.length === 0) return;
      at += chunk.length;
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const entry = decodeEntry(line);
        if (entry !== undefined) yield entry;
      }
    }
  }

  async remove(): Promise<void> {
    await this.#appended;
    for (let i = 0; i < this.#settings.maxFiles; i++)
      await this.#store.delete(i === 0 ? this.#name : `${this.#name}.${i}`);
  }
}
