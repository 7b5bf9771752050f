/** What containers say and are told: `docker logs` and `docker attach`. */
import { EngineError } from "../errors.ts";
import type { ByteDuplex } from "../ports/guest.ts";
import { attachTo } from "./attach.ts";
import type { Container } from "./container.ts";
import type { ContainerDependencies } from "./dependencies.ts";
import { parseDetachKeys } from "./detach-keys.ts";
import { openLog, readLogSettings } from "./log-driver.ts";
import { type LogEntry, logAttributes } from "./log-entry.ts";
import { logName } from "./paths.ts";
import { isRunning } from "./predicates.ts";

export interface LogRequest {
  readonly follow: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly tail?: number | undefined;
  readonly signal: AbortSignal;
}
export interface ContainerLogs {
  readonly entries: AsyncIterable<LogEntry>;
  readonly tty: boolean;
  /** Of every line: what `--details` shows. */
  readonly attributes: string;
}
export interface AttachRequest {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly stream: boolean;
  readonly logs: boolean;
  readonly detachKeys: string;
  /** Both outputs as they come, whether they are a terminal's or not. */
  readonly unframed?: boolean;
  readonly signal: AbortSignal;
}

/** Milliseconds: about what moby spends between a program's start and its answer. */
const firstWords = 100;

export class ContainerStreams {
  readonly #d: ContainerDependencies;
  readonly #event: (container: Container, action: string) => void;

  constructor(dependencies: ContainerDependencies, event: (container: Container, action: string) => void) {
    this.#d = dependencies;
    this.#event = event;
  }

  logs(container: Container, request: LogRequest): ContainerLogs {
    if (!(request.stdout || request.stderr))
      throw new EngineError("invalidParameter", "Bad parameters: you must choose at least one stream");
    const log =
      container.log ??
      openLog(
        logName(container.id),
        readLogSettings(container.record.hostConfig.LogConfig),
        this.#d.logs,
        this.#d.clock,
      );
    container.log = log;
    const follow = request.follow && isRunning(container.state);
    const read = (): AsyncIterable<LogEntry> => log.read({ ...request, follow });
    const now = follow || container.record.hostConfig.LogConfig.Type === "none";
    return {
      entries: now ? read() : this.#afterFirstWords(container, read),
      tty: container.record.config.Tty,
      attributes: logAttributes(container.record),
    };
  }

  /**
   * With moby a program has run for a moment before `start` answers, and many a script reads what it said in the next line. Here `start`
   * answers sooner, so that who asks at once waits until it has said something.
   */
  async *#afterFirstWords(container: Container, read: () => AsyncIterable<LogEntry>): AsyncGenerator<LogEntry> {
    const left = firstWords - (this.#d.clock.monotonic() - container.startedMonotonic);
    if (isRunning(container.state) && left > 0) await container.output.first(this.#d.clock, left);
    yield* read();
  }

  attach(
    container: Container,
    reference: string,
    request: AttachRequest,
  ): { readonly stream: ByteDuplex; readonly raw: boolean } {
    const keys = parseDetachKeys(request.detachKeys);
    if (request.stream && container.state.status === "paused")
      throw new EngineError("conflict", `container ${reference} is paused, unpause the container before attach`);
    if (request.stream && container.state.status === "restarting")
      throw new EngineError("conflict", `container ${reference} is restarting, wait until the container is running`);
    const { config } = container.record;
    const stream = attachTo(container.output, container.input, {
      stdin: request.stdin && config.OpenStdin,
      stdout: request.stdout,
      stderr: request.stderr,
      stream: request.stream,
      tty: config.Tty,
      raw: config.Tty || request.unframed === true,
      closeStdin: config.StdinOnce,
      detachKeys: keys,
      ...(request.logs
        ? {
            logs: this.logs(container, {
              follow: false,
              stdout: request.stdout,
              stderr: request.stderr,
              signal: request.signal,
            }).entries,
          }
        : {}),
      detached: () => this.#event(container, "detach"),
    });
    this.#event(container, "attach");
    return { stream, raw: config.Tty };
  }
}
