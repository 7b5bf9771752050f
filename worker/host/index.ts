/**
 * A Drydock as the page's host: terminals, docker lines, workspace files and published ports over the engine and the guest. Pure wiring of
 * what {@link Drydock} offers to what the bridge ({@link DrydockHost}) asks; no decisions.
 */
import { capture } from "../cli/capture.ts";
import { guestFiles } from "../commands/index.ts";
import type { Drydock } from "../drydock.ts";
import { workspacePath } from "../machine/root.ts";
import type { DockerRun, TerminalOptions } from "../protocol/index.ts";
import type { HostTerminal } from "../rpc/host.ts";

export { hostFiles } from "./files.ts";

const learner = { uid: 1000, gid: 1000 };
const environment: Readonly<Record<string, string>> = {
  HOME: "/home/learner",
  USER: "learner",
  LOGNAME: "learner",
  SHELL: "/bin/bash",
  LANG: "C.UTF-8",
  TERM: "xterm-256color",
  COLORTERM: "truecolor",
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
};
/** The best shell that a container has. */
const containerShell = ["sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash || exec sh"];
const SIGHUP = 1;

export async function openTerminal(drydock: Drydock, options: TerminalOptions): Promise<HostTerminal> {
  const { rows, columns, container } = options;
  const command =
    container === undefined
      ? (options.command ?? ["/bin/bash", "-l"])
      : ["docker", "exec", "-it", container, ...(options.command ?? containerShell)];
  const shell = await drydock.guest.spawn({
    args: command,
    env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    cwd: options.cwd ?? workspacePath,
    user: options.user ?? "learner",
    stdio: { kind: "terminal", rows, columns },
  });
  if (shell.stdin === undefined || shell.stdout === undefined) throw new Error("a terminal without streams");
  return {
    readable: shell.stdout,
    writable: shell.stdin,
    resize: (newRows, newColumns) => void shell.resize(newRows, newColumns).catch(() => undefined),
    exit: shell.exit.then(({ code }) => code),
    close: () =>
      void drydock.guest.batch([{ op: "kill", pid: -shell.pid, signal: SIGHUP, ignore: ["*"] }]).catch(() => undefined),
  };
}

/** Runs one docker line as the learner in the workspace, without a terminal. */
export async function runDockerLine(drydock: Drydock, args: readonly string[]): Promise<DockerRun> {
  const { code, stdout, stderr } = await capture((invocation) => drydock.docker(invocation), args, {
    env: environment,
    cwd: workspacePath,
    files: guestFiles(drydock.guest, learner),
  });
  return { exitCode: code, stdout, stderr };
}
