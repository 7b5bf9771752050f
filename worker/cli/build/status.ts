/** The engine's answer to a build, as far as the client shows it (BuildKit's status records). */
export interface Vertex {
  readonly digest: string;
  readonly name: string;
  readonly started?: string;
  readonly completed?: string;
  readonly cached?: boolean;
  readonly error?: string;
}
export interface Status {
  readonly id: string;
  readonly vertex: string;
  readonly current: number;
  readonly completed?: string;
}
export interface Log {
  readonly vertex: string;
  readonly data: string;
  readonly timestamp: string;
}
export interface Lines {
  readonly start: number;
  readonly end: number;
}
export interface Warning {
  readonly rule: string;
  readonly description: string;
  readonly url: string;
  readonly message: string;
  readonly range: Lines;
}
/** What a check found, as the step that read the Dockerfile tells it; texts in base64. */
export interface WarningRecord {
  readonly vertex: string;
  readonly short: string;
}
export interface Step {
  readonly title: string;
  readonly cached: boolean;
  readonly key: string;
  readonly nearest?: { readonly key: string; readonly lastUsed: string };
  readonly reasons: readonly { readonly kind: string; readonly subject: string; readonly text: string }[];
}
export interface TargetInfo {
  readonly name: string;
  readonly description: string;
  readonly default: boolean;
}
export interface Outline {
  readonly name: string;
  readonly description: string;
  readonly args: readonly { readonly name: string; readonly value: string; readonly description: string }[];
  readonly secrets: readonly { readonly name: string; readonly required: boolean }[];
  readonly ssh: readonly { readonly name: string; readonly required: boolean }[];
}
export interface Result {
  readonly image?: string;
  readonly ref: string;
  readonly names: readonly string[];
  readonly warnings: readonly Warning[];
  readonly violation?: string;
  readonly steps: readonly Step[];
  readonly materials: readonly { readonly uri: string; readonly digest: string }[];
  readonly outline?: Outline;
  readonly targets?: readonly TargetInfo[];
}
export interface Failure {
  readonly message: string;
  readonly step?: string;
  readonly range?: Lines;
  /** Places that led there, the nearest first. */
  readonly via?: readonly Lines[];
  readonly file: string;
  readonly text: string;
}
export interface Message {
  readonly vertexes?: readonly Vertex[];
  readonly statuses?: readonly Status[];
  readonly logs?: readonly Log[];
  readonly warnings?: readonly WarningRecord[];
  readonly result?: Result;
  readonly failure?: Failure;
}

export const decodeText = (data: string): string =>
  new TextDecoder().decode(Uint8Array.from(atob(data), (char) => char.charCodeAt(0)));

export const encodeText = (text: string): string =>
  btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));

export interface Display {
  message(message: Message): Promise<void> | void;
  /** `failed`: its log is repeated. */
  end(failure: Failure | undefined): Promise<void> | void;
  /** The build was cancelled: what has come is shown, the steps that ran as cancelled, and nothing afterwards. */
  abandon?(): Promise<void> | void;
}

/** A step that ends because the build does is shown as "CANCELED" (progressui). */
const cancellation = "context canceled";
export const isCancelled = (error: string): boolean => error.endsWith(cancellation);
export const cancelled = (vertex: Vertex, now: string): Vertex =>
  vertex.started === undefined || vertex.completed !== undefined
    ? vertex
    : { ...vertex, completed: now, error: cancellation };

export const seconds = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;
export const bytesText = (count: number): string => {
  if (count < 1000) return `${count}B`;
  let value = count;
  let unit = -1;
  while (value >= 1000 && unit < 3) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(2)}${"kMGT"[unit]}B`;
};
