/** Two clients: the real `docker` as a process, and this project's CLI in this process. */
import { spawn } from "node:child_process";
import type { CliInvocation } from "../../worker/cli/invocation.ts";
import { nodeFiles } from "../../worker/cli/main.node.ts";
import { type DetailedStep, type Outcome, words } from "./step.ts";

export interface Running {
  readonly outcome: Promise<Outcome>;
  /** Resolves once its standard output has the text. */
  printed(text: string): Promise<void>;
  soFar(): string;
  signal(name: "SIGINT" | "SIGTERM"): void;
}

export interface Client {
  start(step: DetailedStep): Running;
}

const numbers = { SIGINT: 2, SIGTERM: 15 } as const;

/** Where a client is: its folder, which stands for {dir}, and its environment. */
export interface Place {
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
}

export function realClient(place: Place): Client {
  return {
    start(step) {
      const args = argumentsOf(step, place);
      // script(1) is the terminal; it takes one line for a shell.
      const child =
        step.dialogue === undefined
          ? spawn("docker", args, { cwd: place.dir, env: place.env })
          : spawn(
              "script",
              ["-qfec", ["stty rows 24 cols 80; exec docker", ...args.map(quoted)].join(" "), "/dev/null"],
              {
                cwd: place.dir,
                env: place.env,
              },
            );
      const output = new Output((text) => void child.stdin.write(text), step.dialogue ?? []);
      child.stdout.on("data", (data: Buffer) => output.add("stdout", data));
      child.stderr.on("data", (data: Buffer) => output.add("stderr", data));
      child.stdin.on("error", () => undefined);
      if (step.dialogue === undefined) child.stdin.end(step.stdin ?? "");
      const code = new Promise<number>((resolve) => child.on("close", (status) => resolve(status ?? 255)));
      return output.running(code, (name) => void child.kill(name));
    },
  };
}

export function ownClient(place: Place, run: (invocation: CliInvocation) => Promise<number>): Client {
  return {
    start(step) {
      const terminal = step.dialogue !== undefined;
      let type: (text: string) => void = () => undefined;
      const stdin = new ReadableStream<Uint8Array>({
        start(controller) {
          type = (text) => controller.enqueue(new TextEncoder().encode(text));
          if (step.stdin !== undefined) type(step.stdin);
          if (!terminal) controller.close();
        },
      });
      const output = new Output((text) => type(text), step.dialogue ?? []);
      let raise: (signal: number) => void = () => undefined;
      const sink = (name: "stdout" | "stderr") =>
        new WritableStream<Uint8Array>({ write: (data) => output.add(name, data) });
      const code = run({
        args: argumentsOf(step, place),
        env: place.env,
        cwd: place.dir,
        stdin,
        stdout: sink("stdout"),
        stderr: sink(terminal ? "stdout" : "stderr"),
        terminal: {
          stdin: terminal,
          stdout: terminal,
          stderr: terminal,
          size: async () => (terminal ? { rows: 24, columns: 80 } : { rows: 0, columns: 0 }),
          setRaw: async () => undefined,
        },
        signals: new ReadableStream<number>({
          start(controller) {
            raise = (signal) => controller.enqueue(signal);
          },
        }),
        files: nodeFiles,
      });
      return output.running(code, (name) => raise(numbers[name]));
    },
  };
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

function argumentsOf(step: DetailedStep, place: Place): string[] {
  const [program, ...args] = words(step.line).map((word) => word.replaceAll("{dir}", place.dir));
  if (program !== "docker") throw new Error(`not a docker command: ${step.line}`);
  return args;
}

/** Collects what a client prints, and holds the dialogue with it. */
class Output {
  readonly #chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  readonly #dialogue: (readonly [string, string])[];
  readonly #type: (text: string) => void;
  readonly #awaited: { readonly text: string; readonly resolve: () => void }[] = [];
  #heard = 0;

  constructor(type: (text: string) => void, dialogue: readonly (readonly [string, string])[]) {
    this.#type = type;
    this.#dialogue = [...dialogue];
  }

  add(name: "stdout" | "stderr", data: Uint8Array): void {
    this.#chunks[name].push(Buffer.from(data));
    for (const { text, resolve } of this.#awaited) if (this.#text("stdout").includes(text)) resolve();
    for (let next = this.#dialogue[0]; next !== undefined; next = this.#dialogue[0]) {
      const at = this.#text("stdout").indexOf(next[0], this.#heard);
      if (at < 0) return;
      this.#heard = at + next[0].length;
      this.#dialogue.shift();
      this.#type(next[1]);
    }
  }

  #text(name: "stdout" | "stderr"): string {
    return Buffer.concat(this.#chunks[name]).toString("utf8");
  }

  running(code: Promise<number>, signal: (name: "SIGINT" | "SIGTERM") => void): Running {
    const outcome = code.then((value) => ({ code: value, stdout: this.#text("stdout"), stderr: this.#text("stderr") }));
    return {
      outcome,
      soFar: () => this.#text("stdout"),
      signal,
      printed: (text) =>
        new Promise((resolve) => {
          if (this.#text("stdout").includes(text)) resolve();
          else this.#awaited.push({ text, resolve });
        }),
    };
  }
}
