/** Commands and flags that need an experimental engine or another operating system. Follows docker/cli's isSupported. */
import { commandPath } from "../command/tree.ts";
import type { Context } from "./context.ts";
import { CliError } from "./errors.ts";

const experimentalFlags = ["checkpoint", "checkpoint-dir", "squash", "stream"];
const windowsFlags = ["cpu-count", "cpu-percent", "io-maxbandwidth", "io-maxiops"];

export function requireSupport(context: Context): Promise<void> | undefined {
  const { node, flags } = context;
  const windows = windowsFlags.filter((f) => flags.changed(f));
  if (windows.length > 0)
    throw new CliError(
      windows
        .map(
          (f) =>
            `"--${f}" is only supported on a Docker daemon running on windows, but the Docker daemon is running on linux`,
        )
        .join("\n"),
    );
  if (node.canonical.startsWith("checkpoint ")) return check(context, commandPath(node));
  const experimental = experimentalFlags.find((f) => flags.changed(f));
  return experimental === undefined ? undefined : check(context, `--${experimental}`);
}

async function check({ client }: Context, subject: string): Promise<void> {
  const { headers } = await client.call("GET", "/_ping");
  if (headers["docker-experimental"] !== "true")
    throw new CliError(`${subject} is only supported on a Docker daemon with experimental features enabled`);
}
