/**
 * The page's terminals. Each outlives the machine's instants: when the machine is put back to a checkpoint, a terminal that was open then goes
 * on with the shell of then, and another one gets a new shell; both say so in one line. A terminal with a program of its own, or in a
 * container, ends where that program did not run at the checkpoint.
 */
import type { Guest, GuestProcess } from "../engine/ports/guest.ts";
import type { FirstShell } from "../machine/first-shell.ts";
import type { TerminalOptions } from "../protocol/index.ts";
import type { HostTerminal } from "../rpc/host.ts";
import { spawnShell } from "./terminal.ts";

/** A terminal of one instant. */
export interface TerminalState {
  /** Never given twice, whatever instant the machine is put back to. */
  readonly token: string;
  readonly pid: number;
}

const SIGHUP = 1;
const encoder = new TextEncoder();

export class Terminals {
  readonly #guest: Guest;
  readonly #open = new Set<Terminal>();

  /** The shell that came with the machine, until a terminal takes it. */
  #first: FirstShell | undefined;

  constructor(guest: Guest, first?: FirstShell) {
    this.#guest = guest;
    this.#first = first;
    const gone = () => {
      this.#first = undefined;
    };
    first?.process.exit.then(gone, gone);
  }

  async open(options: TerminalOptions): Promise<HostTerminal> {
    const terminal = this.#takeFirst(options) ?? new Terminal(options, await spawnShell(this.#guest, options));
    this.#open.add(terminal);
    terminal.exit.finally(() => this.#open.delete(terminal)).catch(() => {});
    return {
      readable: terminal.readable,
      writable: terminal.writable,
      resize: (rows, columns) => terminal.resize(rows, columns),
      exit: terminal.exit,
      close: () => {
        this.#open.delete(terminal);
        this.#hangUp(terminal.pid);
      },
    };
  }

  /** For a terminal that asks for nothing but a shell. */
  #takeFirst(options: TerminalOptions): Terminal | undefined {
    const { rows, columns, container, command, cwd, user } = options;
    if ([container, command, cwd, user].some((asked) => asked !== undefined)) return undefined;
    const first = this.#first;
    this.#first = undefined;
    if (first === undefined) return undefined;
    void first.process.resize(rows, columns).catch(() => undefined);
    return new Terminal(options, first.process, first.printed);
  }

  exportState(): readonly TerminalState[] {
    return [...this.#open].map(({ token, pid }) => ({ token, pid }));
  }

  /** The machine is at another instant: `states` are its terminals of then, `find` their processes. */
  async rewound(name: string, states: readonly TerminalState[], find: (pid: number) => GuestProcess | undefined) {
    // Its streams belong to the instant that was left.
    this.#first = undefined;
    const then = new Map(states.map(({ token, pid }) => [token, pid]));
    const line = encoder.encode(`\r\n\x1b[90m— The machine was put back to "${printable(name)}". —\x1b[0m\r\n`);
    for (const terminal of [...this.#open]) {
      const pid = then.get(terminal.token);
      const shell = pid === undefined ? undefined : find(pid);
      then.delete(terminal.token);
      if (shell !== undefined) terminal.goOn(shell, line);
      else if (terminal.isPlain) {
        // A machine that starts no shell any more says so itself.
        const fresh = await spawnShell(this.#guest, terminal.options).catch(() => undefined);
        if (fresh === undefined) terminal.end(line);
        else terminal.restart(fresh, line);
      } else terminal.end(line);
    }
    for (const pid of then.values()) this.#hangUp(pid);
  }

  /** The machine comes from a checkpoint of another page, whose terminals nobody sees any more. */
  close(states: readonly TerminalState[]): void {
    for (const { pid } of states) this.#hangUp(pid);
  }

  #hangUp(pid: number): void {
    this.#guest.batch([{ op: "kill", pid: -pid, signal: SIGHUP, ignore: ["*"] }]).catch(() => undefined);
  }
}

/** What a person named is shown, not interpreted. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, " ");
}

class Terminal {
  readonly token = crypto.randomUUID();
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly exit: Promise<number>;
  options: TerminalOptions;
  #shell!: GuestProcess;
  #input: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #output: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #exited!: (code: number) => void;
  #wake: () => void = () => {};
  #ended = false;

  /** `printed`: what the shell wrote before anybody read it. */
  constructor(options: TerminalOptions, shell: GuestProcess, printed: Uint8Array = new Uint8Array()) {
    this.options = options;
    this.exit = new Promise((resolve) => {
      this.#exited = resolve;
    });
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
          if (printed.length > 0) controller.enqueue(printed);
        },
        pull: () => this.#pull(),
        cancel: () => this.#output?.cancel(),
      },
      { highWaterMark: 0 },
    );
    this.writable = new WritableStream<Uint8Array>({
      // What is typed while the machine is put back goes nowhere.
      write: (data) => this.#input?.write(data).catch(() => {}),
      close: () => this.#input?.close().catch(() => {}),
    });
    this.#follow(shell);
  }

  get pid(): number {
    return this.#shell.pid;
  }
  /** A login shell of the machine. */
  get isPlain(): boolean {
    return this.options.command === undefined && this.options.container === undefined;
  }

  resize(rows: number, columns: number): void {
    this.options = { ...this.options, rows, columns };
    void this.#shell.resize(rows, columns).catch(() => undefined);
  }

  /** With the shell of the checkpoint, whose screen is not ours: a change of size has it draw its line again. */
  goOn(shell: GuestProcess, line: Uint8Array): void {
    this.#say(line);
    this.#follow(shell);
    const { rows, columns } = this.options;
    void shell
      .resize(rows, Math.max(1, columns - 1))
      .then(() => this.#shell.resize(this.options.rows, this.options.columns))
      .catch(() => undefined);
  }

  restart(shell: GuestProcess, line: Uint8Array): void {
    this.#say(line);
    this.#follow(shell);
  }

  end(line: Uint8Array): void {
    this.#say(line);
    this.#close(1);
  }

  #follow(shell: GuestProcess): void {
    this.#shell = shell;
    this.#input = shell.stdin?.getWriter();
    this.#input?.closed.catch(() => {});
    this.#output = shell.stdout?.getReader();
    this.#wake();
    shell.exit.then(
      ({ code }) => this.#exited(code),
      // Another shell follows, or the machine is lost, which is told elsewhere.
      () => {},
    );
  }

  async #pull(): Promise<void> {
    while (!this.#ended) {
      const output = this.#output;
      const read = await output?.read().catch(() => undefined);
      if (read?.done === true) {
        this.#close(undefined);
        return;
      }
      if (read !== undefined) {
        this.#controller.enqueue(read.value);
        return;
      }
      if (output === this.#output) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #say(line: Uint8Array): void {
    if (!this.#ended) this.#controller.enqueue(line);
  }

  #close(code: number | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#controller.close();
    this.#wake();
    if (code !== undefined) this.#exited(code);
  }
}
