/** A host without a machine: canned containers, a small shell that echoes. For work on the page, and its tests. */
import type { ApiTransport } from "../../worker/api/transport.ts";
import type { FileChange, FileEntry, HoodReport, StartReport, TerminalOptions } from "../../worker/protocol/index.ts";
import type { DrydockHost, HostFiles, HostTerminal } from "../../worker/rpc/host.ts";
import { FakeCheckpoints } from "./fake-checkpoints.ts";
import { FakeEngine } from "./fake-engine.ts";
import { hoodOf } from "./fake-hood.ts";
import { fakeLessons } from "./fake-lessons.ts";
import { fakePage } from "./fake-page.ts";
import { FakeShell } from "./fake-shell.ts";
import { fakeBrowser, fakeLayers } from "./fake-trees.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class FakeHost implements DrydockHost {
  readonly #engine = new FakeEngine();
  readonly api: ApiTransport = this.#engine;
  readonly files = new FakeFiles();
  async stop(): Promise<void> {}
  readonly notices = new ReadableStream<never>();

  async start(options: Parameters<DrydockHost["start"]>[0]): Promise<StartReport> {
    const stages = [
      ["emulator", 400_000],
      ["machine", 3_100_000],
      ["wake", 0],
    ] as const;
    for (const [stage, total] of stages) {
      for (let loaded = 0; loaded < total; loaded += total / 4) {
        options.onProgress(stage, loaded, total);
        await pause(15);
      }
      options.onProgress(stage, total, total);
    }
    return { origin: "snapshot", memoryBytes: 512 * 2 ** 20, durable: true };
  }

  async openTerminal(options: TerminalOptions): Promise<HostTerminal> {
    return new FakeShell(this.#engine, this.files, options);
  }

  async runDocker(args: readonly string[]) {
    return { stdout: `docker ${args.join(" ")}\n`, stderr: "", exitCode: 0 };
  }

  async exportPlayground(): Promise<ReadableStream<Uint8Array>> {
    throw { kind: "unavailable", message: "The development host has nothing to save." };
  }

  async openPort(_: string, port: number) {
    return fakePage(port);
  }

  readonly browser = fakeBrowser;
  readonly layers = fakeLayers;
  readonly lessons = fakeLessons;
  readonly checkpoints = new FakeCheckpoints();

  async inspect(container: string): Promise<HoodReport> {
    return hoodOf(container);
  }
}

class FakeFiles implements HostFiles {
  readonly #files = new Map<string, Uint8Array>();
  readonly #directories = new Set<string>([""]);
  readonly #watchers = new Set<(change: FileChange) => void>();

  constructor() {
    const put = (path: string, text: string): void => void this.#files.set(path, new TextEncoder().encode(text));
    put(
      "Dockerfile",
      'FROM python:3 AS base\nWORKDIR /app\nCOPY . /app\nRUN pip install --no-cache-dir -r requirements.txt\nEXPOSE 80\nENV NAME=World\nCMD ["python", "app.py"]\n',
    );
    put("compose.yaml", "services:\n  web:\n    build: .\n    ports:\n      - 8080:80\n  cache:\n    image: redis\n");
    put("app.py", "from flask import Flask\n\napp = Flask(__name__)\n");
    put("requirements.txt", "flask\nredis\n");
    put("templates/index.html", "<h1>Hello</h1>\n");
    this.#directories.add("templates");
  }

  async list(path: string): Promise<readonly FileEntry[]> {
    const below = (full: string): string | undefined => {
      const parent = full.includes("/") ? full.slice(0, full.lastIndexOf("/")) : "";
      return full !== "" && parent === path ? full.slice(full.lastIndexOf("/") + 1) : undefined;
    };
    const entries: FileEntry[] = [];
    for (const directory of this.#directories) {
      const name = below(directory);
      if (name !== undefined) entries.push({ name, type: "directory", size: 0, mode: 0o755, modified: Date.now() });
    }
    for (const [file, bytes] of this.#files) {
      const name = below(file);
      if (name !== undefined)
        entries.push({ name, type: "file", size: bytes.length, mode: 0o644, modified: Date.now() });
    }
    return entries;
  }
  async read(path: string): Promise<ReadableStream<Uint8Array>> {
    const bytes = this.#files.get(path);
    if (bytes === undefined) throw { kind: "notFound", message: `${path}: no such file`, resource: path };
    return new ReadableStream({
      start(controller) {
        if (bytes.length > 0) controller.enqueue(bytes.slice());
        controller.close();
      },
    });
  }
  async write(path: string, content: ReadableStream<Uint8Array>): Promise<void> {
    const kind = this.#files.has(path) ? "changed" : "created";
    const parents = path.split("/").slice(0, -1);
    for (const [index] of parents.entries()) {
      const directory = parents.slice(0, index + 1).join("/");
      if (this.#directories.has(directory)) continue;
      this.#directories.add(directory);
      this.#tell({ kind: "created", path: directory });
    }
    this.#files.set(
      path,
      new Uint8Array(await new Response(content as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer()),
    );
    this.#tell({ kind, path });
  }
  async makeDirectory(path: string): Promise<void> {
    this.#directories.add(path);
    this.#tell({ kind: "created", path });
  }
  async rename(from: string, to: string): Promise<void> {
    for (const [path, bytes] of [...this.#files]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      this.#files.delete(path);
      this.#files.set(to + path.slice(from.length), bytes);
    }
    for (const path of [...this.#directories])
      if (path === from || path.startsWith(`${from}/`)) {
        this.#directories.delete(path);
        this.#directories.add(to + path.slice(from.length));
      }
    this.#tell({ kind: "removed", path: from });
    this.#tell({ kind: "created", path: to });
  }
  async remove(path: string): Promise<void> {
    for (const each of [...this.#files.keys()])
      if (each === path || each.startsWith(`${path}/`)) this.#files.delete(each);
    for (const each of [...this.#directories])
      if (each === path || each.startsWith(`${path}/`)) this.#directories.delete(each);
    this.#tell({ kind: "removed", path });
  }
  watch(): ReadableStream<FileChange> {
    let tell: ((change: FileChange) => void) | undefined;
    return new ReadableStream({
      start: (controller) => {
        tell = (change) => controller.enqueue(change);
        this.#watchers.add(tell);
      },
      cancel: () => {
        if (tell !== undefined) this.#watchers.delete(tell);
      },
    });
  }
  #tell(change: FileChange): void {
    for (const watcher of this.#watchers) watcher(change);
  }
}
