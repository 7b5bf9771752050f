/** A build of a BuildKit client: asked for by Control.Solve, carried out when its gateway client solves, watched by Control.Status. */
import { messages, timeOf } from "./messages.node.ts";

interface Lines {
  readonly start: number;
  readonly end: number;
}
/** Why a build failed, and which lines of its Dockerfile say so. */
export interface Failure {
  readonly message: string;
  readonly range?: Lines;
  readonly via?: readonly Lines[];
  readonly file: string;
  readonly text: string;
}

export interface Update {
  readonly vertexes?: readonly Readonly<Record<string, unknown>>[];
  readonly statuses?: readonly Readonly<Record<string, unknown>>[];
  readonly logs?: readonly Readonly<Record<string, unknown>>[];
  readonly warnings?: readonly Readonly<Record<string, unknown>>[];
}
export interface BuildResult {
  readonly image?: string;
  readonly ref: string;
  readonly names: readonly string[];
  readonly warnings: readonly {
    readonly rule: string;
    readonly description: string;
    readonly url: string;
    readonly message: string;
    readonly range: { readonly start: number; readonly end: number };
  }[];
  /** Of a check: its Dockerfile, that its warnings count as errors, or what kept it from finding any. */
  readonly dockerfile?: string;
  readonly violation?: string;
  readonly failure?: Failure;
  readonly outline?: object;
  readonly targets?: readonly object[];
}

/** A promise with its ends outside. */
class Deferred<T> {
  readonly promise: Promise<T>;
  resolve: (value: T) => void = () => undefined;
  reject: (reason: unknown) => void = () => undefined;
  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(() => undefined);
  }
}

export class Job<Request> {
  /** What Control.Solve asked for. */
  readonly request = new Deferred<Request>();
  readonly result = new Deferred<BuildResult>();
  /** The gateway client has what it wanted. */
  readonly returned = new Deferred<void>();
  readonly abort = new AbortController();
  /** Whether the gateway client asked for a build. */
  isBuilt = false;
  readonly #updates: Uint8Array[] = [];
  #isOver = false;
  #wake: (() => void)[] = [];

  report(update: Update): void {
    this.#updates.push(encodeStatus(update));
    this.#notify();
  }
  over(): void {
    this.#isOver = true;
    this.#notify();
  }
  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** From the beginning to the end of the build. */
  async *updates(): AsyncGenerator<Uint8Array> {
    for (let next = 0; ; ) {
      const update = this.#updates[next];
      if (update !== undefined) {
        next++;
        yield update;
      } else if (this.#isOver) return;
      else await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}

export const encodeStatus = (update: Update): Uint8Array => messages.status.encode(statusOf(update));

/** The engine's records are BuildKit's own, with times as text and bytes in base64. */
function statusOf({ vertexes = [], statuses = [], logs = [], warnings = [] }: Update): object {
  const time = (value: unknown) => timeOf(value as string | undefined);
  const bytes = (value: unknown) => Buffer.from(String(value), "base64");
  return {
    vertexes: vertexes.map(({ started, completed, ...rest }) => ({
      ...rest,
      started: time(started),
      completed: time(completed),
    })),
    statuses: statuses.map(({ id, timestamp, started, completed, ...rest }) => ({
      ...rest,
      ID: id,
      name: "",
      timestamp: time(timestamp),
      started: time(started),
      completed: time(completed),
    })),
    logs: logs.map(({ vertex, timestamp, stream, data }) => ({
      vertex,
      timestamp: time(timestamp),
      stream,
      msg: bytes(data),
    })),
    warnings: warnings.map(({ vertex, level, short, detail, url, sourceInfo, range }) => ({
      vertex,
      level,
      url,
      short: bytes(short),
      detail: (detail as readonly string[]).map(bytes),
      info: {
        filename: (sourceInfo as { filename: string }).filename,
        data: bytes((sourceInfo as { data: string }).data),
      },
      ranges: range,
    })),
  };
}
