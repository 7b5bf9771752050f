import type { ExitStatus, GuestError, GuestProcess, ProcessSpec, Stdio } from "../engine/ports/guest.ts";
import type { Connection } from "./connection.ts";
import { spawnPayload } from "./spawn-frame.ts";
import type { AgentStream, StreamOptions, StreamState } from "./streams.ts";
import { type WireReader, WireWriter } from "./wire.ts";

export interface ProcessState {
  /** Of its spawn request. */
  readonly id: number;
  readonly pid: number;
  readonly stdio: Stdio["kind"];
}

interface Entry {
  readonly process: GuestProcess;
  readonly stdio: Stdio["kind"];
  readonly exited: (status: ExitStatus) => void;
  readonly lost: (error: GuestError) => void;
}

type Open = (id: number, options: StreamOptions) => AgentStream | undefined;

/** The processes that the agent has started for us and that have not ended. */
export class Processes {
  readonly #connection: Connection;
  readonly #entries = new Map<number, Entry>();
  readonly #adopted = new Map<number, GuestProcess>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  spawn(spec: ProcessSpec): Promise<GuestProcess> {
    const input = spec.stdio.kind === "pipes" && spec.stdio.stdin;
    return this.#connection.request("spawn", spawnPayload(spec), (reader, id) =>
      this.#add({ id, pid: reader.u32(), stdio: spec.stdio.kind }, input, (stream, options) =>
        this.#connection.open(stream, options),
      ),
    );
  }

  exportState(): readonly ProcessState[] {
    return [...this.#entries].map(([id, { process, stdio }]) => ({ id, pid: process.pid, stdio }));
  }

  /** Takes over the processes of before a restore; their streams are taken out of `streams`. */
  adopt(processes: readonly ProcessState[], streams: Map<number, StreamState>): void {
    const reopen: Open = (id) => {
      const state = streams.get(id);
      streams.delete(id);
      return state === undefined ? undefined : this.#connection.reopen(state);
    };
    for (const state of processes) this.#adopted.set(state.pid, this.#add(state, true, reopen));
  }

  adopted(pid: number): GuestProcess | undefined {
    return this.#adopted.get(pid);
  }

  adoptedPids(): readonly number[] {
    return [...this.#adopted.keys()];
  }

  onExit(id: number, reader: WireReader): void {
    const code = reader.u32();
    const signal = reader.u32();
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    entry?.exited(signal === 0 ? { code } : { code, signal });
  }

  lose(error: GuestError): void {
    for (const { lost } of this.#entries.values()) lost(error);
    this.#entries.clear();
  }

  /** The streams are the three after the spawn's id: input (or the terminal), output, errors. */
  #add({ id, pid, stdio }: ProcessState, input: boolean, open: Open): GuestProcess {
    const terminal = stdio === "terminal" ? open(id + 1, { read: {}, write: {} }) : undefined;
    const pipes = stdio === "pipes";
    let exited: Entry["exited"] = () => {};
    let lost: Entry["lost"] = () => {};
    const exit = new Promise<ExitStatus>((resolve, reject) => {
      exited = resolve;
      lost = reject;
    });
    // Whoever is interested awaits it; the loss of the machine is told elsewhere, too.
    exit.catch(() => {});
    const process: GuestProcess = {
      pid,
      stdin: terminal?.writable ?? (pipes && input ? open(id + 1, { write: {} })?.writable : undefined),
      stdout: terminal?.readable ?? (pipes ? open(id + 2, { read: {} })?.readable : undefined),
      stderr: pipes ? open(id + 3, { read: {} })?.readable : undefined,
      exit,
      resize: (rows, columns) => {
        const payload = new WireWriter().u32(id).u16(rows).u16(columns);
        return this.#connection.request("resize", payload.bytes(), () => undefined);
      },
    };
    this.#entries.set(id, { process, stdio, exited, lost });
    return process;
  }
}
