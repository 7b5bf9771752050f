/** Shells for the page: on the machine as the learner, or inside a container by `docker exec`. */
import type { Guest } from "../engine/ports/guest.ts";
import { workspacePath } from "../machine/root.ts";
import type { TerminalOptions } from "../protocol/index.ts";
import type { HostTerminal } from "../rpc/host.ts";

/** What a login sets. */
export const environment: Readonly<Record<string, string>> = {
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

export async function openTerminal(guest: Guest, options: TerminalOptions): Promise<HostTerminal> {
  const { rows, columns, container } = options;
  const command =
    container === undefined
      ? (options.command ?? ["/bin/bash", "-l"])
      : ["docker", "exec", "-it", container, ...(options.command ?? containerShell)];
  const shell = await guest.spawn({
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
      void guest.batch([{ op: "kill", pid: -shell.pid, signal: SIGHUP, ignore: ["*"] }]).catch(() => undefined),
  };
}
