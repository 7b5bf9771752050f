/**
 * A terminal or pipes joined to a hijacked connection. Follows docker/cli's hijackedIOStreamer: output ends the session; the end
 * of input is a half-close; in raw mode the detach keys leave without touching the container.
 */
import type { ByteDuplex } from "../../api/transport.ts";
import type { Context } from "../session/context.ts";
import { CliError } from "../session/errors.ts";
import { SIGWINCH, type Subscription } from "../session/signals.ts";
import { DetachWatcher, defaultDetachKeys, parseDetachKeys } from "./detach-keys.ts";
import { Demultiplexer } from "./multiplexed.ts";

export interface AttachedOptions {
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** As configured; empty for the default. */
  readonly detachKeys: string;
}
export type AttachedEnd = "ended" | "detached";

export class Attached {
  readonly done: Promise<AttachedEnd>;
  readonly #stop = new AbortController();

  constructor(context: Context, stream: ByteDuplex, options: AttachedOptions) {
    this.done = join(context, stream, options, this.#stop.signal);
    // A failure counts only for whoever waits.
    this.done.catch(() => undefined);
  }

  /** Leaves at once: the container never started, or nobody needs its output. */
  stop(): void {
    this.#stop.abort();
  }
}

async function join(
  context: Context,
  stream: ByteDuplex,
  options: AttachedOptions,
  stop: AbortSignal,
): Promise<AttachedEnd> {
  const { terminal } = context.invocation;
  const raw = options.stdin && options.tty && terminal.stdin;
  if (raw) await terminal.setRaw(true);
  const input = new AbortController();
  try {
    const typing = options.stdin ? typeInto(context, stream, options, input.signal) : halfClose(stream);
    const contenders: Promise<AttachedEnd>[] = [typing.then((end) => (end === "detached" ? end : untilNever))];
    if (options.stdout || options.stderr) contenders.push(show(context, stream, options).then(() => "ended"));
    else contenders.push(typing);
    contenders.push(aborted(stop));
    const end = await Promise.race(contenders);
    // Only now: the engine ends the output when the input ends, and that would look like the end of the container.
    if (end === "detached") await halfClose(stream);
    return end;
  } finally {
    input.abort();
    if (raw) await terminal.setRaw(false);
    await stream.readable.cancel().catch(() => undefined);
  }
}

const untilNever = new Promise<AttachedEnd>(() => undefined);
const aborted = (signal: AbortSignal): Promise<AttachedEnd> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve("ended");
    else signal.addEventListener("abort", () => resolve("ended"), { once: true });
  });

async function halfClose(stream: ByteDuplex): Promise<AttachedEnd> {
  await stream.writable.close().catch(() => undefined);
  return "ended";
}

async function show({ out, err }: Context, stream: ByteDuplex, options: AttachedOptions): Promise<void> {
  const reader = stream.readable.getReader();
  const frames = new Demultiplexer();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (options.tty) {
        await out.write(value);
        continue;
      }
      for (const { stream: which, bytes } of frames.push(value)) {
        if (which === "systemerr")
          throw new CliError(`error from daemon in stream: ${new TextDecoder().decode(bytes)}`);
        if (which === "stderr" ? options.stderr : options.stdout) await (which === "stderr" ? err : out).write(bytes);
      }
    }
  } finally {
    reader.releaseLock();
  }
}

async function typeInto(
  context: Context,
  stream: ByteDuplex,
  options: AttachedOptions,
  stop: AbortSignal,
): Promise<AttachedEnd> {
  const configured = options.detachKeys === "" ? defaultDetachKeys : parseDetachKeys(options.detachKeys);
  if (configured === undefined)
    context.err.line(`invalid detach escape keys, using default: Unknown character: '${options.detachKeys}'`);
  const watcher = options.tty ? new DetachWatcher(configured ?? defaultDetachKeys) : undefined;
  const reader = context.invocation.stdin.getReader();
  const writer = stream.writable.getWriter();
  const release = (): void => {
    reader.cancel().catch(() => undefined);
  };
  stop.addEventListener("abort", release, { once: true });
  let left = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const { bytes, detached } = watcher?.push(value) ?? { bytes: value, detached: false };
      if (bytes.length > 0) await writer.write(bytes);
      left = detached;
      if (left) return "detached";
    }
  } catch {
    // The connection is gone: the container ended while we were writing.
  } finally {
    stop.removeEventListener("abort", release);
    if (!stop.aborted && !left) await writer.close().catch(() => undefined);
    writer.releaseLock();
    reader.releaseLock();
  }
  return "ended";
}

/** "the input device is not a TTY": docker/cli's In.CheckTty. */
export function checkTty({ invocation }: Context, attachStdin: boolean, tty: boolean): void {
  if (tty && attachStdin && !invocation.terminal.stdin) throw new CliError("the input device is not a TTY");
}

export async function windowSize({ invocation }: Context): Promise<readonly [number, number]> {
  if (!invocation.terminal.stdout) return [0, 0];
  const { rows, columns } = await invocation.terminal.size();
  return [rows, columns];
}

/** Keeps the size of a container's or exec's terminal that of ours. */
export function followSize(context: Context, path: string): Subscription {
  const resize = async (): Promise<void> => {
    const [h, w] = await windowSize(context);
    if (h === 0 && w === 0) return;
    await context.client.call("POST", `${path}/resize`, { query: { h, w } });
  };
  const first = async (): Promise<void> => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await resize();
      } catch {
        if (attempt === 10) {
          context.err.line("failed to resize tty, using default size");
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, (attempt + 1) * 10));
      }
    }
  };
  void first();
  return context.signals.listen((signal) => {
    if (signal === SIGWINCH) resize().catch(() => undefined);
  });
}
