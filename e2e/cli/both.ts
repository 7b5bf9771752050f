/**
 * One command line through the real `docker` client and through ours, on the same real engine. The engine is named by
 * DRYDOCK_REAL_ENGINE ("unix:///…/docker.sock"); it needs a busybox image.
 */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveConnection } from "../../worker/api/http-server.ts";
import { UnixClient } from "../../worker/api/unix-client.node.ts";
import { runDocker } from "../../worker/cli/index.ts";
import type { CliInvocation } from "../../worker/cli/invocation.ts";
import { nodeFiles, runProgram } from "../../worker/cli/main.node.ts";
import { clientNetwork } from "../../worker/commands/client-network.ts";
import type { Fetch } from "../../worker/engine/ports/host.ts";
import { Registries } from "../../worker/engine/registry/endpoints.ts";

export const engine = process.env.DRYDOCK_REAL_ENGINE ?? "";
export const whyNot =
  "set DRYDOCK_REAL_ENGINE=unix:///path/to/docker.sock of a real engine with a busybox image to compare with it";

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}
export interface Options {
  readonly stdin?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

const host = engine === "" ? "unix:///no-engine.sock" : engine;
const home = mkdtempSync(join(tmpdir(), "compare-"));
const base = (who: string): Record<string, string> => ({
  PATH: process.env.PATH ?? "",
  HOME: join(home, who),
  DOCKER_DEFAULT_PLATFORM: "linux/386",
});

/** Words as a shell splits them: quotes, no expansion. */
export function words(line: string): string[] {
  return (line.match(/(?:[^\s'"]|'[^']*'|"(?:[^"\\]|\\.)*")+/g) ?? []).map((word) =>
    word.replace(
      /'([^']*)'|"((?:[^"\\]|\\.)*)"/g,
      (_, single, double) => single ?? double.replace(/\\(["\\$])/g, "$1"),
    ),
  );
}

export type Side = (args: readonly string[], options?: Options) => Promise<Outcome>;

export const real: Side = (args, options = {}) =>
  new Promise((resolve) => {
    const child = execFile(
      "docker",
      args,
      {
        env: { ...base("real"), DOCKER_HOST: host, ...options.env },
        cwd: options.cwd ?? home,
        encoding: "buffer",
        maxBuffer: 64 << 20,
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 255;
        resolve({ stdout: stdout.toString("latin1"), stderr: stderr.toString("latin1"), code });
      },
    );
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.stdin ?? "");
  });

function sink(): { readonly stream: WritableStream<Uint8Array>; text(): string } {
  const chunks: Uint8Array[] = [];
  return {
    stream: new WritableStream({ write: (chunk) => void chunks.push(chunk.slice()) }),
    text: () => Buffer.concat(chunks).toString("latin1"),
  };
}

/** Our client in this process, with an engine behind `run`. */
export function own(run: (invocation: CliInvocation) => Promise<number>): Side {
  return async (args, options = {}) => {
    const out = sink();
    const err = sink();
    const code = await run({
      args,
      env: { ...base("ours"), ...options.env },
      cwd: options.cwd ?? home,
      stdin: new Blob([options.stdin === undefined ? "" : (options.stdin as BlobPart)]).stream(),
      stdout: out.stream,
      stderr: err.stream,
      terminal: {
        stdin: false,
        stdout: false,
        stderr: false,
        size: async () => ({ rows: 0, columns: 0 }),
        setRaw: async () => undefined,
      },
      signals: new ReadableStream(),
      files: nodeFiles,
      run: runProgram,
    });
    return { stdout: out.text(), stderr: err.text(), code };
  };
}

export const ours: Side = own(async (invocation) => {
  const client = new UnixClient(host);
  const env = { ...invocation.env, DOCKER_HOST: host };
  const code = await runDocker({ ...invocation, env }, client, {
    connect: (to) => (to === host ? client : new UnixClient(to)),
    serve: serveConnection,
    network: clientNetwork(new Registries({ fetch: fetch as Fetch })),
  });
  client.close();
  return code;
});

/** What differs between two runs of the same client: ids, times, generated names. */
export function normalise(text: string, who: "real" | "ours"): string {
  return text
    .replaceAll(join(home, who), "<HOME>")
    .replaceAll(home, "<DIR>")
    .replaceAll(/\S+\/tmp\/docker-import-\d+/g, "<IMPORT>")
    .replaceAll(host, "<ENGINE>")
    .replaceAll(`cmp-${who}-`, "cmp-")
    .replaceAll(/(dial tcp: lookup [\w.]+).*$/gm, "$1")
    .replaceAll(/(?<= with ID )[0-9a-f]{7}\b/g, "<id>")
    .replaceAll(/\b[0-9a-f]{64}\b/g, "<ID>")
    .replaceAll(/\b[0-9a-f]{12}\b/g, "<id>")
    .replaceAll(/\b[a-z]+_[a-z]+[0-9]?\b(?=\s*$)/gm, "<NAME>")
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( \+0000 UTC|Z)?/g, "<TIME>")
    .replaceAll(
      /\b(Less than a second|\d+ seconds?|About a minute|\d+ minutes|About an hour|\d+ (?:hours|days|weeks|months|years))( ago)?/g,
      "<AGE>$2",
    )
    .replaceAll(/ {2,}/g, "  ");
}

/** A command line, or one with its stdin; "@" stands for a prefix of the side's own. */
export type Line = string | readonly string[] | Typed;
export interface Typed {
  readonly line: string;
  readonly stdin: string;
}

/** One line through one client, ready to be compared. */
export async function side(who: "real" | "ours", client: Side, line: Line, options: Options = {}): Promise<Outcome> {
  const prefixed = (text: string): string => text.replaceAll("@", `cmp-${who}-`);
  const args = typeof line === "string" ? words(line) : "line" in line ? words(line.line) : line;
  const stdin = typeof line === "object" && "line" in line ? { stdin: prefixed(line.stdin) } : {};
  const outcome = await client(args.map(prefixed), { ...options, ...stdin });
  return { stdout: normalise(outcome.stdout, who), stderr: normalise(outcome.stderr, who), code: outcome.code };
}

export async function both(line: Line): Promise<{ readonly real: Outcome; readonly ours: Outcome }> {
  return { real: await side("real", real, line), ours: await side("ours", ours, line) };
}

/** Removes what the comparisons made, of both sides. */
export function cleanUp(): void {
  for (const kind of ["container", "network", "volume"]) {
    const list = execFileSync(
      "docker",
      [
        kind,
        "ls",
        ...(kind === "container" ? ["-a"] : []),
        "--filter",
        "name=cmp-",
        "--format",
        kind === "container" ? "{{.Names}}" : "{{.Name}}",
      ],
      {
        env: { ...base("real"), DOCKER_HOST: host },
        encoding: "utf8",
      },
    );
    const names = list.split("\n").filter((name) => name.startsWith("cmp-"));
    if (names.length > 0)
      execFileSync("docker", [kind, "rm", ...(kind === "volume" ? [] : ["-f"]), ...names], {
        env: { ...base("real"), DOCKER_HOST: host },
        stdio: "ignore",
      });
  }
}
