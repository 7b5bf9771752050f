/** Progress as Docker streams it: one JSONMessage (moby's pkg/jsonmessage) a step. Field order is moby's. */
import { humanSize } from "../../go/units.ts";

export interface ProgressMessage {
  readonly stream?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  /** The bar in words, which clients without a terminal of their own print. */
  readonly progress?: string;
  readonly id?: string;
  readonly error?: string;
  readonly errorDetail?: { readonly message: string };
  readonly aux?: unknown;
}
export type Progress = (message: ProgressMessage) => void;

/** A layer's line with a bar. */
export function bar(id: string, status: string, current: number, total: number): ProgressMessage {
  return { status, progressDetail: { current, total }, progress: barText(current, total), id };
}
/** A layer's line without one. */
export const line = (id: string, status: string): ProgressMessage => ({ status, progressDetail: {}, id });

/** jsonmessage.JSONProgress.String at the width that the daemon assumes. */
function barText(current: number, total: number): string {
  if (total <= 0) return humanSize(current).padStart(8);
  const percentage = Math.min(50, Math.floor(((current / total) * 100) / 2));
  const box = `[${"=".repeat(percentage)}>${" ".repeat(Math.max(0, 50 - percentage))}] `;
  const numbers = humanSize(current).padStart(8) + (current > total ? "" : `/${humanSize(total)}`);
  return box + numbers;
}

/** stringid.TruncateID. */
export const shortId = (id: string): string => id.replace(/^sha256:/, "").slice(0, 12);

/** A failure as the last line of a stream that has begun. */
export function errorLine(error: unknown): ProgressMessage {
  const message = error instanceof Error ? error.message : String(error);
  return { errorDetail: { message }, error: message };
}

/**
 * Runs work that reports progress and yields what it reports. The work goes on at its own pace; when the reader leaves, its signal
 * is aborted. A failure is thrown where nothing was reported before it, and is the last message otherwise.
 */
export async function* streamProgress(
  signal: AbortSignal,
  work: (progress: Progress, signal: AbortSignal) => Promise<void>,
): AsyncGenerator<ProgressMessage, void, undefined> {
  const queue: ProgressMessage[] = [];
  const left = new AbortController();
  let wake: () => void = () => {};
  let outcome: { readonly error?: unknown } | undefined;
  const settle = (result: { readonly error?: unknown }): void => {
    outcome = result;
    wake();
  };
  work(
    (message) => {
      queue.push(message);
      wake();
    },
    AbortSignal.any([signal, left.signal]),
  ).then(
    () => settle({}),
    (error) => settle({ error }),
  );
  let begun = false;
  try {
    while (outcome === undefined || queue.length > 0) {
      const message = queue.shift();
      if (message !== undefined) {
        begun = true;
        yield message;
      } else
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (outcome !== undefined || queue.length > 0) resolve();
        });
    }
    if (!("error" in outcome)) return;
    if (!begun) throw outcome.error;
    yield errorLine(outcome.error);
  } finally {
    left.abort();
  }
}
