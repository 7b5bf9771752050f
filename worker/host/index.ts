/**
 * What the page asks of a Drydock's engine besides the Engine API: docker lines, files of containers and volumes, layers, what is under the
 * hood. Pure wiring of what {@link Drydock} offers to what the bridge ({@link DrydockHost}) asks; loaded when first asked.
 */
import { capture } from "../cli/capture.ts";
import { guestFiles } from "../commands/index.ts";
import type { Drydock } from "../drydock-model.ts";
import { workspacePath } from "../machine/root.ts";
import type { DockerRun } from "../protocol/index.ts";
import { environment } from "./terminal.ts";

export { hostBrowser } from "./browse.ts";
export { hostHood } from "./hood.ts";
export { hostLayers } from "./layers.ts";

const learner = { uid: 1000, gid: 1000 };

/** Runs one docker line as the learner in the workspace, without a terminal. */
export async function runDockerLine(drydock: Drydock, args: readonly string[]): Promise<DockerRun> {
  const { code, stdout, stderr } = await capture((invocation) => drydock.docker(invocation), args, {
    env: environment,
    cwd: workspacePath,
    files: guestFiles(drydock.guest, learner),
  });
  return { exitCode: code, stdout, stderr };
}
