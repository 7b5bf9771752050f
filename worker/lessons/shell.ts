/** Shell lines run as the learner in the workspace, as if typed at a prompt that nobody watches. */
import type { Guest } from "../engine/ports/guest.ts";
import { workspaceRoot } from "./view.ts";

export interface ShellResult {
  readonly code: number;
  readonly output: string;
}

export async function runShell(guest: Guest, line: string): Promise<ShellResult> {
  const process = await guest.spawn({
    args: ["/bin/bash", "-c", `exec 2>&1; ${line}`],
    env: [
      "HOME=/home/learner",
      "USER=learner",
      "LANG=C.UTF-8",
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ],
    cwd: workspaceRoot,
    user: "learner",
    stdio: { kind: "pipes", stdin: false },
  });
  const output = new Response(process.stdout as ReadableStream<Uint8Array<ArrayBuffer>>).text();
  void process.stderr?.cancel();
  const { code } = await process.exit;
  return { code, output: await output };
}
