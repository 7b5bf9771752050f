/** `docker exec`: instances, their processes, their output. */

import type { ContainerId } from "../domains.ts";
import { EngineError } from "../errors.ts";
import { type ByteDuplex, GuestError, type GuestProcess } from "../ports/guest.ts";
import { cgroupPath, effectiveCapabilities, execProcess } from "../runtime/index.ts";
import { attachTo } from "./attach.ts";
import type { Container } from "./container.ts";
import { Fields } from "./decode.ts";
import type { ContainerDependencies } from "./dependencies.ts";
import { hostnameOf, rlimitsOf } from "./describe.ts";
import { parseDetachKeys } from "./detach-keys.ts";
import { containerEnvironment, withVariables } from "./environment.ts";
import { type ExecRequest, Execution } from "./execution.ts";
import type { ProbeRun } from "./health.ts";
import { newId } from "./ids.ts";
import { notRunning } from "./lifecycle/not-running.ts";
import { linkVariables } from "./links.ts";
import { hasProcess } from "./predicates.ts";
import { parseSecurityOptions, seccompFilter } from "./security.ts";
import { SIGKILL } from "./signals.ts";
import { execFailure } from "./start-errors.ts";
import { frame } from "./stdcopy.ts";
import type { ContainerStore } from "./store.ts";

/** An exec instance as plain data, for a checkpoint. */
export interface ExecutionState {
  readonly id: string;
  readonly container: ContainerId;
  readonly request: ExecRequest;
  readonly state: Execution["state"];
  readonly exitCode: number | undefined;
  readonly pid: number | undefined;
}

export interface ExecStart {
  readonly detach: boolean;
  readonly tty: boolean;
  readonly consoleSize?: { readonly rows: number; readonly columns: number } | undefined;
}

/** `[rows, columns]` of the API. */
export function readConsoleSize(fields: Fields): { rows: number; columns: number } | undefined {
  const size = fields.raw("ConsoleSize");
  if (!Array.isArray(size) || size.length !== 2) return undefined;
  const [rows, columns] = size.map(Number);
  return rows && columns ? { rows, columns } : undefined;
}

export function readExecRequest(body: unknown): ExecRequest {
  if (body === undefined) throw new EngineError("invalidParameter", "invalid JSON: got EOF while reading request body");
  const fields = Fields.of(body, "", "container.ExecOptions");
  const cmd = fields.command("Cmd") ?? [];
  if (cmd.length === 0) throw new EngineError("invalidParameter", "No exec command specified");
  return {
    cmd,
    attachStdin: fields.boolean("AttachStdin"),
    attachStdout: fields.boolean("AttachStdout"),
    attachStderr: fields.boolean("AttachStderr"),
    tty: fields.boolean("Tty"),
    env: fields.strings("Env") ?? [],
    user: fields.string("User"),
    workingDir: fields.string("WorkingDir"),
    privileged: fields.boolean("Privileged"),
    detachKeys: fields.string("DetachKeys"),
    consoleSize: readConsoleSize(fields),
  };
}

function checkEscapeKeys(keys: string): void {
  try {
    parseDetachKeys(keys);
  } catch (cause) {
    throw new EngineError("system", `Invalid escape keys (${keys}) provided`, { cause });
  }
}

/** As in exec events: program, space, arguments; so a lone program has a space behind it. */
function commandText({ cmd }: ExecRequest): string {
  return `${cmd[0] ?? ""} ${cmd.slice(1).join(" ")}`;
}

/** The stream, with what went wrong at its end when the program could not be started. */
function withFailure(stream: ByteDuplex, started: Promise<void>, raw: boolean): ByteDuplex {
  const telling = new TransformStream<Uint8Array, Uint8Array>({
    flush: (controller) =>
      started.catch((error: unknown) => {
        const line = new TextEncoder().encode(`${(error as Error).message}\r\n`);
        controller.enqueue(raw ? line : frame("stdout", line));
      }),
  });
  return { readable: stream.readable.pipeThrough(telling), writable: stream.writable };
}

export class Executions {
  readonly #d: ContainerDependencies;
  readonly #store: ContainerStore;
  readonly #byId = new Map<string, Execution>();

  constructor(dependencies: ContainerDependencies, store: ContainerStore) {
    this.#d = dependencies;
    this.#store = store;
  }

  #event(
    container: Container,
    action: string,
    execution: Execution,
    extra: Readonly<Record<string, string>> = {},
  ): void {
    this.#d.events.publish(
      "container",
      action,
      container.id,
      container.eventAttributes({ execID: execution.id, ...extra }),
    );
  }

  create(container: Container, reference: string, request: ExecRequest): string {
    if (container.state.status === "paused")
      throw new EngineError("conflict", `Container ${reference} is paused, unpause the container before exec`);
    if (container.state.status === "restarting")
      throw new EngineError("conflict", `Container ${reference} is restarting, wait until the container is running`);
    if (!hasProcess(container.state)) throw notRunning(container);
    checkEscapeKeys(request.detachKeys);
    const execution = new Execution(newId(this.#d.randomness), container.id, request);
    this.#byId.set(execution.id, execution);
    container.executions.set(execution.id, execution);
    this.#event(container, `exec_create: ${commandText(request)}`, execution);
    return execution.id;
  }

  get(id: string): Execution {
    const found = this.#byId.get(id);
    if (found === undefined) throw new EngineError("notFound", `No such exec instance: ${id}`, { resource: id });
    return found;
  }

  /**
   * Detached: nothing, when the program runs. Attached: the stream at once; the program starts meanwhile, and the stream tells when it
   * cannot. Clients have their connection before the first byte comes, as with moby (postContainerExecStart): some lose what comes along.
   */
  async start(
    id: string,
    options: ExecStart,
  ): Promise<{ readonly stream: ByteDuplex; readonly raw: boolean } | undefined> {
    const execution = this.get(id);
    const container = this.#container(execution);
    if (execution.state === "exited") throw new EngineError("conflict", `exec command ${id} has already run`);
    if (execution.state === "running") throw new EngineError("conflict", `exec command ${id} is already running`);
    const { request } = execution;
    execution.state = "running";
    const stream = options.detach
      ? undefined
      : attachTo(execution.output, execution.input, {
          stdin: request.attachStdin,
          stdout: request.attachStdout,
          stderr: request.attachStderr,
          stream: true,
          tty: request.tty,
          // Whoever starts it says how to send the output, whatever it was created with.
          raw: options.tty,
          closeStdin: true,
          detachKeys: parseDetachKeys(request.detachKeys),
          detached: () => this.#event(container, "exec_detach", execution),
        });
    this.#event(container, `exec_start: ${commandText(request)}`, execution);
    const started = this.#spawn(container, execution, options);
    execution.started = started;
    if (stream === undefined) {
      await started;
      return undefined;
    }
    started.catch(() => undefined);
    return { stream: withFailure(stream, started, options.tty), raw: options.tty };
  }

  async #spawn(container: Container, execution: Execution, options: ExecStart): Promise<void> {
    const { record } = container;
    const { hostConfig: host, config } = record;
    const { request } = execution;
    const privileged = request.privileged || host.Privileged;
    const capabilities = effectiveCapabilities({ privileged, add: host.CapAdd ?? [], drop: host.CapDrop ?? [] });
    const linked = linkVariables(this.#store, ({ id }) => this.#d.networks.sandbox(id), container);
    const { packageVariables } = this.#d;
    const own = containerEnvironment(record, hostnameOf(record), { packageVariables, linked });
    const base = own.filter((v) => !v.startsWith("TERM="));
    const cwd = request.workingDir || config.WorkingDir || "/";
    const user = request.user || config.User;
    const size = options.consoleSize ?? request.consoleSize ?? { rows: 0, columns: 0 };
    try {
      if (!hasProcess(container.state)) throw notRunning(container);
      if (privileged) container.networkTouched = true;
      const process = await this.#d.guest.spawn(
        execProcess(container.state.pid, cgroupPath(host.CgroupParent, record.id), {
          args: request.cmd,
          env: withVariables(request.tty ? ["TERM=xterm", ...base] : base, request.env),
          cwd,
          user,
          groups: host.GroupAdd ?? [],
          terminal: request.tty ? size : undefined,
          stdin: request.attachStdin,
          capabilities,
          noNewPrivileges: parseSecurityOptions(host.SecurityOpt).noNewPrivileges,
          seccomp: seccompFilter(host, capabilities, privileged),
          rlimits: rlimitsOf(host),
          oomScoreAdj: host.OomScoreAdj,
        }),
      );
      this.#runs(container, execution, process);
    } catch (error) {
      const failure = execFailure(error, request.cmd[0] ?? "", cwd, user);
      execution.state = "exited";
      execution.exitCode = failure.exitCode;
      container.executions.delete(execution.id);
      this.#forgetLater(execution);
      execution.output.end();
      if (error instanceof GuestError)
        this.#event(container, "exec_die", execution, { exitCode: String(failure.exitCode) });
      throw failure.error;
    }
  }

  #runs(container: Container, execution: Execution, process: GuestProcess): void {
    execution.process = process;
    execution.input.connect(process.stdin);
    execution.output.pump({ stdout: process.stdout, stderr: process.stderr });
    void process.exit.then(
      async ({ code }) => {
        await execution.output.drained(this.#d.clock);
        this.#ended(container, execution, code);
      },
      () => {},
    );
  }

  /** All that were started or may be asked for, for a checkpoint; not those of health checks. */
  exportState(): readonly ExecutionState[] {
    return [...this.#byId.values()].flatMap((execution) => {
      const { id, container, request, state, exitCode, process, probe } = execution;
      return probe || this.#store.find(container) === undefined
        ? []
        : [{ id, container, request, state, exitCode, pid: process?.pid }];
    });
  }

  /** Takes over those of a checkpoint; programs that are not there any more have ended. */
  adopt(states: readonly ExecutionState[], find: (pid: number) => GuestProcess | undefined): void {
    for (const { id, container: owner, request, state, exitCode, pid } of states) {
      const container = this.#store.find(owner);
      if (container === undefined) continue;
      const execution = new Execution(id, owner, request);
      this.#byId.set(id, execution);
      const process = pid === undefined ? undefined : find(pid);
      execution.state = state === "running" && process === undefined ? "exited" : state;
      execution.exitCode = exitCode;
      if (execution.state === "exited") this.#forgetLater(execution);
      else container.executions.set(id, execution);
      if (process !== undefined) this.#runs(container, execution, process);
    }
  }

  /** Of a container that a client removed. */
  forget({ id }: Container): void {
    for (const execution of this.#byId.values()) if (execution.container === id) this.#byId.delete(execution.id);
  }

  #forgetLater(execution: Execution): void {
    this.#d.clock.after(forgetAfter, () => this.#byId.delete(execution.id));
  }

  #ended(container: Container, execution: Execution, exitCode: number): void {
    execution.state = "exited";
    execution.exitCode = exitCode;
    execution.process = undefined;
    // An instance stays to be asked for its exit code; dockerd forgets it minutes later, or with its container.
    container.executions.delete(execution.id);
    this.#forgetLater(execution);
    this.#event(container, "exec_die", execution, { exitCode: String(exitCode) });
    execution.output.end();
  }

  #container(execution: Execution): Container {
    const container = this.#store.find(execution.container);
    if (container === undefined)
      throw new EngineError("notFound", `No such container: ${execution.container}`, { resource: execution.container });
    if (container.state.status === "paused")
      throw new EngineError("conflict", `Container ${container.id} is paused, unpause the container before exec`);
    if (!hasProcess(container.state)) throw notRunning(container);
    return container;
  }

  async resize(id: string, rows: number, columns: number): Promise<void> {
    const execution = this.get(id);
    this.#container(execution);
    await execution.started?.catch(() => undefined);
    if (execution.process === undefined)
      throw new EngineError("notFound", `NotFound: process does not exist ${id}: not found`);
    await execution.process.resize(rows, columns);
  }

  inspect(id: string): object {
    const execution = this.get(id);
    const { request } = execution;
    const [entrypoint = "", ...args] = request.cmd;
    return {
      ID: execution.id,
      Running: execution.state === "running",
      ExitCode: execution.exitCode ?? null,
      ProcessConfig: {
        tty: request.tty,
        entrypoint,
        arguments: args,
        privileged: request.privileged,
        ...(request.user === "" ? {} : { user: request.user }),
      },
      OpenStdin: request.attachStdin,
      OpenStderr: request.attachStderr,
      OpenStdout: request.attachStdout,
      CanRemove: false,
      ContainerID: execution.container,
      DetachKeys: "",
      Pid: execution.process?.pid ?? 0,
    };
  }

  /** A health check: an exec of its own, with its events, its output gathered. */
  async probe(container: Container, command: readonly string[], signal: AbortSignal): Promise<ProbeRun> {
    try {
      const id = this.create(container, container.id, {
        cmd: command,
        attachStdin: false,
        attachStdout: true,
        attachStderr: true,
        tty: false,
        env: [],
        user: "",
        workingDir: "",
        privileged: false,
        detachKeys: "",
        consoleSize: undefined,
      });
      const execution = this.get(id);
      execution.probe = true;
      let output = "";
      const decoder = new TextDecoder();
      const done = new Promise<void>((resolve) => {
        execution.output.listen((_, data) => {
          output += decoder.decode(data, { stream: true });
        }, resolve);
      });
      await this.start(id, { detach: true, tty: false });
      const kill = (): void => {
        const pid = execution.process?.pid;
        if (pid !== undefined)
          void this.#d.guest.batch([{ op: "kill", pid, signal: SIGKILL, ignore: ["*"] }]).catch(() => {});
      };
      signal.addEventListener("abort", kill, { once: true });
      await done;
      this.#byId.delete(id);
      return { exitCode: execution.exitCode ?? -1, output };
    } catch (error) {
      return { exitCode: -1, output: (error as Error).message };
    }
  }
}

const forgetAfter = 5 * 60_000;
