/** One line of a container's log, in the form of Docker's json-file driver. */
import type { ContainerRecord } from "./model.ts";
import type { StreamName } from "./stdcopy.ts";
import { formatLogTime } from "./times.ts";

export interface LogEntry {
  readonly stream: StreamName;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** With its newline, where the program wrote one. */
  readonly text: string;
}

/**
 * What `logs --details` shows before each line (moby's loggerutils and httputils.WriteLogStream): the labels and variables that the log
 * options name.
 */
export function logAttributes({ config, hostConfig }: Pick<ContainerRecord, "config" | "hostConfig">): string {
  const { labels, "labels-regex": labelsPattern, env, "env-regex": envPattern } = hostConfig.LogConfig.Config;
  const variables = (config.Env ?? []).flatMap((entry) => {
    const at = entry.indexOf("=");
    return at < 0 ? [] : [[entry.slice(0, at), entry.slice(at + 1)] as const];
  });
  const chosen = [
    ...named(Object.entries(config.Labels ?? {}), labels, labelsPattern),
    ...named(variables, env, envPattern),
  ];
  return [...new Map(chosen)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map((pair) => pair.map(encodeURIComponent).join("="))
    .join(",");
}

function named(
  entries: readonly (readonly [string, string])[],
  names: string | undefined,
  pattern: string | undefined,
): readonly (readonly [string, string])[] {
  const list = new Set(names?.split(","));
  const expression = pattern ? new RegExp(pattern) : undefined;
  return entries.filter(([key]) => list.has(key) || expression?.test(key) === true);
}

export function encodeEntry(entry: LogEntry): string {
  const time = formatLogTime(new Date(entry.time));
  return `${JSON.stringify({ log: entry.text, stream: entry.stream, time })}\n`;
}

export function decodeEntry(line: string): LogEntry | undefined {
  try {
    const { log, stream, time } = JSON.parse(line) as { log: string; stream: StreamName; time: string };
    return { stream, text: log, time: Date.parse(time) };
  } catch {
    return undefined; // cut off by a power failure
  }
}

/** moby's copier splits longer lines. */
const longestLine = 16 * 1024;

/** Cuts one stream's bytes into lines. */
export class LineSplitter {
  #rest: Uint8Array;
  readonly #decoder = new TextDecoder();

  constructor(rest: Uint8Array = new Uint8Array(0)) {
    this.#rest = rest;
  }

  /** The begun line. */
  get rest(): Uint8Array {
    return this.#rest.slice();
  }

  push(data: Uint8Array, emit: (text: string) => void): void {
    let from = 0;
    for (let at = data.indexOf(10); at >= 0; at = data.indexOf(10, from)) {
      this.#emit(data.subarray(from, at + 1), emit);
      from = at + 1;
    }
    if (from < data.length) {
      this.#rest = join(this.#rest, data.subarray(from));
      while (this.#rest.length >= longestLine) {
        emit(this.#decoder.decode(this.#rest.subarray(0, longestLine)));
        this.#rest = this.#rest.slice(longestLine);
      }
    }
  }

  flush(emit: (text: string) => void): void {
    if (this.#rest.length > 0) emit(this.#decoder.decode(this.#rest));
    this.#rest = new Uint8Array(0);
  }

  #emit(line: Uint8Array, emit: (text: string) => void): void {
    let whole = this.#rest.length === 0 ? line : join(this.#rest, line);
    if (this.#rest.length > 0) this.#rest = new Uint8Array(0);
    for (; whole.length > longestLine; whole = whole.subarray(longestLine))
      emit(this.#decoder.decode(whole.subarray(0, longestLine)));
    emit(this.#decoder.decode(whole));
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b.slice();
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
