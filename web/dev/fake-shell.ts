/** A line editor that echoes, with a handful of commands: enough to see a terminal work. */
import type { TerminalOptions } from "../../worker/protocol/index.ts";
import type { HostFiles, HostTerminal } from "../../worker/rpc/host.ts";
import type { FakeEngine } from "./fake-engine.ts";

const hello = `
Hello from Docker!
This message shows that your installation appears to be working correctly.
`;

export class FakeShell implements HostTerminal {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly exit: Promise<number>;
  readonly #engine: FakeEngine;
  readonly #files: HostFiles;
  readonly #prompt: string;
  #line = "";
  #output: ReadableStreamDefaultController<Uint8Array> | undefined;
  #finish: (code: number) => void = () => {};
  #size: { rows: number; columns: number };
  #flood = false;

  constructor(engine: FakeEngine, files: HostFiles, options: TerminalOptions) {
    this.#engine = engine;
    this.#files = files;
    this.#size = options;
    this.#prompt =
      options.container === undefined
        ? "\x1b[1;32mlearner@drydock\x1b[0m:\x1b[34m~/site\x1b[0m$ "
        : `root@${options.container}:/# `;
    this.exit = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.readable = new ReadableStream({
      start: (controller) => {
        this.#output = controller;
        const [program, flag, line] = options.command ?? [];
        if (program === "cat") {
          this.#print("MemTotal:         502016 kB\nMemFree:          310000 kB\nMemAvailable:     417300 kB\n");
          this.#end(0);
          return;
        }
        if (options.container === undefined && flag === "-c" && line !== undefined) {
          this.#run(line);
          this.#end(0);
        } else this.#print(this.#prompt);
      },
    });
    this.writable = new WritableStream({
      write: (bytes) => {
        for (const char of new TextDecoder().decode(bytes)) this.#key(char);
      },
    });
  }

  resize(rows: number, columns: number): void {
    this.#size = { rows, columns };
  }
  close(): void {
    this.#end(129);
  }

  #print(text: string): void {
    this.#output?.enqueue(new TextEncoder().encode(text.replaceAll("\n", "\r\n")));
  }
  #end(code: number): void {
    if (this.#output === undefined) return;
    this.#output.close();
    this.#output = undefined;
    this.#finish(code);
  }

  #key(char: string): void {
    if (char === "\r") {
      const line = this.#line.trim();
      this.#line = "";
      this.#print("\n");
      if (this.#run(line)) this.#print(this.#prompt);
    } else if (char === "\x7f") {
      if (this.#line === "") return;
      this.#line = this.#line.slice(0, -1);
      this.#print("\b \b");
    } else if (char === "\x03") {
      this.#line = "";
      this.#flood = false;
      this.#print(`^C\n${this.#prompt}`);
    } else if (char === "\x04" && this.#line === "") this.#end(0);
    else if (char >= " ") {
      this.#line += char;
      this.#print(char);
    }
  }

  /** False when the prompt must wait. */
  #run(line: string): boolean {
    const [command, ...args] = line.split(/\s+/);
    if (command === "exit") {
      this.#print("exit\n");
      this.#end(Number(args[0] ?? 0));
      return false;
    }
    if (command === "pour") {
      void this.#pourOnce(Number(args[0] ?? 5));
      return false;
    }
    if (command === "flood") {
      this.#flood = true;
      void this.#pour();
      return false;
    }
    if (command === "crowd") {
      for (let index = 0; index < Number(args[0] ?? 200); index += 1)
        this.#engine.add(`crowd_${index}`, "busybox:latest", "running", 60, [], { bridge: `172.17.1.${index}` });
      this.#engine.emit("container", "create", "", { name: "crowd" });
    } else if (command === "put") {
      const bytes = new TextEncoder().encode(`${args.slice(1).join(" ")}\n`);
      void this.#files.write(args[0] ?? "", new Blob([bytes]).stream());
    } else if (command === "rm") void this.#files.remove(args[0] ?? "");
    else if (command === "storm") void this.#storm();
    else if (command === "stty") this.#print(`${this.#size.rows} ${this.#size.columns}\n`);
    else if (command === "echo") this.#print(`${args.join(" ")}\n`);
    else if (command === "printf")
      this.#print(args.join(" ").replaceAll("\\e", "\x1b").replaceAll("\\a", "\x07").replaceAll("\\r", "\r"));
    else if (command === "docker") this.#docker(args);
    else if (line !== "") this.#print(`bash: ${command}: command not found\n`);
    return true;
  }

  /** So many megabytes, as fast as the page takes them. */
  async #pourOnce(megabytes: number): Promise<void> {
    const line = "all work and no play makes a dull machine, and a long line of it\n".repeat(100);
    for (let sent = 0; sent < megabytes * 1e6 && this.#output !== undefined; ) {
      if ((this.#output.desiredSize ?? 0) > 0) {
        this.#print(line);
        sent += line.length;
      } else await new Promise((resolve) => setTimeout(resolve));
    }
    this.#print(`poured\n${this.#prompt}`);
  }

  async #pour(): Promise<void> {
    while (this.#flood && this.#output !== undefined) {
      if ((this.#output.desiredSize ?? 0) > 0)
        for (let count = 0; count < 400; count += 1) this.#print("all work and no play makes a dull machine\n");
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  /** A hundred events a second, until Ctrl-C. */
  async #storm(): Promise<void> {
    this.#flood = true;
    for (let count = 0; this.#flood; count += 1) {
      for (let index = 0; index < 10; index += 1) {
        const container = this.#engine.containers[(count * 10 + index) % this.#engine.containers.length];
        if (container !== undefined) this.#engine.emit("container", "start", container.id, { name: container.name });
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  #docker([verb, ...args]: readonly string[]): void {
    if (verb === "ps") {
      this.#print("CONTAINER ID   IMAGE            STATUS         NAMES\n");
      for (const { id, image, name, state } of this.#engine.containers)
        if (state === "running") this.#print(`${id.slice(0, 12)}   ${image.padEnd(16)} Up 2 minutes   ${name}\n`);
      return;
    }
    if (verb === "run" && args.includes("hello-world")) {
      this.#print(hello);
      return;
    }
    if (verb === "run") {
      const option = (name: string): string | undefined => args[args.indexOf(name) + 1];
      const name = args.includes("--name") ? option("--name") : "brave_lovelace";
      const [host, inside] = (args.includes("-p") ? (option("-p") ?? "") : "").split(":").map(Number);
      const image = args.at(-1) ?? "nginx";
      const ports = host && inside ? [{ PrivatePort: inside, PublicPort: host, Type: "tcp" }] : [];
      const made = this.#engine.add(name ?? "brave_lovelace", image, "running", 0, ports, { bridge: "172.17.0.8" });
      this.#engine.emit("container", "start", made.id, { name: made.name });
      this.#print(`${made.id}\n`);
      return;
    }
    const container = this.#engine.find(args.at(-1) ?? "");
    if (container !== undefined && verb !== undefined) {
      this.#engine.act(container, verb);
      this.#print(`${container.name}\n`);
    } else this.#print(`docker: '${verb}' is not known to the development host\n`);
  }
}
