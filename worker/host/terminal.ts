/** Shells for the page: on the machine as the learner, or inside a container by `docker exec`. */
import type { Guest, GuestProcess, ProcessSpec } from "../engine/ports/guest.ts";
import { workspacePath } from "../machine/root.ts";
import type { TerminalOptions } from "../protocol/index.ts";

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

export async function spawnShell(guest: Guest, options: TerminalOptions): Promise<GuestProcess> {
  return await guest.spawn(shellProcess(options));
}

/** How a terminal's program is started. */
export function shellProcess(options: TerminalOptions): ProcessSpec {
  const { rows, columns, container } = options;
  const command =
    container === undefined
      ? (options.command ?? ["/bin/bash", "-l"])
      : ["docker", "exec", "-it", container, ...(options.command ?? containerShell)];
  return {
    args: command,
    env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    cwd: options.cwd ?? workspacePath,
    user: options.user ?? "learner",
    stdio: { kind: "terminal", rows, columns },
  };
}
