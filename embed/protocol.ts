/**
 * What an embedding page and an embedded playground say to each other over `postMessage`. Both sides read what comes by this file: data of
 * another origin is hostile until it has been read. Every message carries the protocol's version, so that an older side says so
 * instead of misreading; a message without it belongs to somebody else and is passed over.
 */
export const embedVersion = 1;

/** What can be asked for, with its parameters and its answer. */
export interface EmbedMethods {
  start: { readonly params: Record<string, never>; readonly result: null };
  stop: { readonly params: Record<string, never>; readonly result: null };
  /** A shell line in the workspace, outside the terminal; the answer is what it printed. */
  run: { readonly params: { readonly line: string }; readonly result: RunResult };
  /** A line typed into the terminal in front, where the reader sees it. */
  type: { readonly params: { readonly line: string }; readonly result: null };
  writeFile: {
    readonly params: { readonly path: string; readonly content: string | Uint8Array };
    readonly result: null;
  };
  readFile: { readonly params: { readonly path: string }; readonly result: Uint8Array };
  /** One of the site's own as TRACK/LESSON, or the address of a `lesson.yaml`. */
  openLesson: { readonly params: { readonly lesson: string }; readonly result: null };
  checkpoint: { readonly params: { readonly label: string }; readonly result: string };
  restore: { readonly params: { readonly checkpoint: string }; readonly result: null };
}
export type EmbedMethod = keyof EmbedMethods;

export interface RunResult {
  readonly exitCode: number;
  /** Standard output and standard error as a terminal shows them, the first megabyte. */
  readonly output: string;
}

/** What the playground tells by itself. */
export interface EmbedEvents {
  /** The machine runs. */
  readonly ready: { readonly origin: string };
  readonly stopped: { readonly reason: string };
  readonly failed: { readonly message: string };
  /** An event of the engine, as `docker events` shows it. */
  readonly engine: { readonly type: string; readonly action: string; readonly name: string };
  readonly lesson: {
    readonly lesson: string;
    readonly step: number;
    readonly steps: number;
    readonly done: number;
    readonly finished: boolean;
  };
  /** How high the content would like to be, in CSS pixels. */
  readonly height: { readonly height: number };
}
export type EmbedEvent = keyof EmbedEvents;

export type EmbedErrorKind = "invalid" | "version" | "notRunning" | "failed" | "busy" | "timeout";
export interface EmbedFailure {
  readonly kind: EmbedErrorKind;
  readonly message: string;
}

export type Request = {
  readonly [M in EmbedMethod]: { readonly id: number; readonly method: M; readonly params: EmbedMethods[M]["params"] };
}[EmbedMethod];

export type Told =
  | { readonly type: "answer"; readonly id: number; readonly value: unknown }
  | { readonly type: "refused"; readonly id: number; readonly failure: EmbedFailure }
  | {
      readonly [E in EmbedEvent]: { readonly type: "event"; readonly event: E; readonly detail: EmbedEvents[E] };
    }[EmbedEvent];

export type Read<T> =
  | { readonly kind: "message"; readonly message: T }
  /** Of this protocol, and wrong; `id` where the asker can be told. */
  | { readonly kind: "wrong"; readonly id: number | undefined; readonly failure: EmbedFailure }
  /** Somebody else's. */
  | { readonly kind: "foreign" };

const longestLine = 10_000;
const longestPath = 300;
const largestFile = 10_000_000;
const longestText = 2_000;

type Fields = Readonly<Record<string, unknown>>;
/** Answers the parameters with nothing else in them, or what is wrong. */
type Reader<P> = (fields: Fields) => P | string;

const nothing: Reader<Record<string, never>> = () => ({});
const line: Reader<{ line: string }> = (fields) => {
  const text = textOf(fields, "line", longestLine);
  if (text === undefined) return `line must be a text of 1 to ${longestLine} characters`;
  // A line feed would type a second line that nobody reads before it runs.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
  return /[\u0000-\u0008\u000a-\u001f\u007f]/.test(text) ? "line must be one line" : { line: text };
};

const readers: { readonly [M in EmbedMethod]: Reader<EmbedMethods[M]["params"]> } = {
  start: nothing,
  stop: nothing,
  run: line,
  type: line,
  writeFile: (fields) => {
    const path = textOf(fields, "path", longestPath);
    const content = own(fields, "content");
    if (path === undefined) return `path must be a text of 1 to ${longestPath} characters`;
    if (typeof content !== "string" && !(content instanceof Uint8Array))
      return "content must be a text or a Uint8Array";
    return content.length > largestFile ? `content must not exceed ${largestFile} bytes` : { path, content };
  },
  readFile: (fields) => {
    const path = textOf(fields, "path", longestPath);
    return path === undefined ? `path must be a text of 1 to ${longestPath} characters` : { path };
  },
  openLesson: (fields) => {
    const lesson = textOf(fields, "lesson", longestText);
    return lesson === undefined ? "lesson must be TRACK/LESSON or an address" : { lesson };
  },
  checkpoint: (fields) => {
    const label = textOf(fields, "label", 100);
    return label === undefined ? "label must be a text of 1 to 100 characters" : { label };
  },
  restore: (fields) => {
    const checkpoint = textOf(fields, "checkpoint", 200);
    return checkpoint === undefined ? "checkpoint must be what checkpoint() answered" : { checkpoint };
  },
};

/** A message of the embedding page, read. */
export function readRequest(data: unknown): Read<Request> {
  const envelope = envelopeOf(data);
  if (!("fields" in envelope)) return envelope;
  const { fields, id } = envelope;
  if (id === undefined) return wrong(undefined, "invalid", "a request has an id: a whole number");
  const method = own(fields, "method");
  if (typeof method !== "string" || !Object.hasOwn(readers, method))
    return wrong(id, "invalid", "there is no such method");
  const params = own(fields, "params") ?? {};
  if (typeof params !== "object") return wrong(id, "invalid", "params must be an object");
  const read = (readers[method as EmbedMethod] as Reader<object>)(params as Fields);
  if (typeof read === "string") return wrong(id, "invalid", `${method}: ${read}`);
  return { kind: "message", message: { id, method, params: read } as Request };
}

const events: { readonly [E in EmbedEvent]: Readonly<Record<keyof EmbedEvents[E], "string" | "number" | "boolean">> } =
  {
    ready: { origin: "string" },
    stopped: { reason: "string" },
    failed: { message: "string" },
    engine: { type: "string", action: "string", name: "string" },
    lesson: { lesson: "string", step: "number", steps: "number", done: "number", finished: "boolean" },
    height: { height: "number" },
  };

/** A message of the playground, read. */
export function readTold(data: unknown): Read<Told> {
  const envelope = envelopeOf(data);
  if (!("fields" in envelope)) return envelope;
  const { fields, id } = envelope;
  switch (own(fields, "type")) {
    case "answer":
      if (id === undefined) break;
      return { kind: "message", message: { type: "answer", id, value: own(fields, "value") } };
    case "refused": {
      const failure = own(fields, "failure") as Fields | null | undefined;
      if (id === undefined || typeof failure !== "object" || failure === null) break;
      const kind = own(failure, "kind");
      return {
        kind: "message",
        message: {
          type: "refused",
          id,
          failure: {
            kind: typeof kind === "string" && failureKinds.has(kind) ? (kind as EmbedErrorKind) : "failed",
            message: String(own(failure, "message")).slice(0, longestText),
          },
        },
      };
    }
    case "event": {
      const event = own(fields, "event");
      const detail = own(fields, "detail");
      if (typeof event !== "string" || !Object.hasOwn(events, event) || typeof detail !== "object" || detail === null)
        break;
      const shape: Readonly<Record<string, string>> = events[event as EmbedEvent];
      const entries = Object.keys(shape).map((key) => [key, own(detail as Fields, key)] as const);
      if (entries.some(([key, value]) => typeof value !== shape[key])) break;
      return { kind: "message", message: { type: "event", event, detail: Object.fromEntries(entries) } as Told };
    }
  }
  return wrong(id, "invalid", "the playground said something that is not of this protocol");
}
const failureKinds: ReadonlySet<string> = new Set<EmbedErrorKind>([
  "invalid",
  "version",
  "notRunning",
  "failed",
  "busy",
  "timeout",
]);

/** Puts the version on what is sent. */
export const written = (message: Request | Told): object => ({ drydock: embedVersion, ...message });

function envelopeOf(
  data: unknown,
): { readonly fields: Fields; readonly id: number | undefined } | Exclude<Read<never>, { kind: "message" }> {
  if (typeof data !== "object" || data === null) return { kind: "foreign" };
  const fields = data as Fields;
  const version = own(fields, "drydock");
  if (version === undefined) return { kind: "foreign" };
  const number = own(fields, "id");
  const id = typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
  if (version !== embedVersion)
    return wrong(id, "version", `this side speaks version ${embedVersion} of the protocol, the other one another`);
  return { fields, id };
}

const own = (fields: Fields, key: string): unknown => (Object.hasOwn(fields, key) ? fields[key] : undefined);

function textOf(fields: Fields, key: string, longest: number): string | undefined {
  const value = own(fields, key);
  return typeof value === "string" && value.length > 0 && value.length <= longest ? value : undefined;
}

function wrong(id: number | undefined, kind: EmbedErrorKind, message: string) {
  return { kind: "wrong", id, failure: { kind, message } } as const;
}
