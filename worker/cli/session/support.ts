/** Commands and flags that need an experimental engine or another operating system. Follows docker/cli's isSupported. */
import { type CommandNode, commandPath } from "../command/tree.ts";
import type { Context } from "./context.ts";
import { CliError } from "./errors.ts";

const experimentalFlags = ["checkpoint", "checkpoint-dir", "squash", "stream"];
const windowsFlags = ["cpu-count", "cpu-percent", "io-maxbandwidth", "io-maxiops"];

const trusting = new Set(["container run", "container create", "image pull", "image push"]);

/** DOCKER_CONTENT_TRUST=1 asks for signed images only; there is no notary server that could vouch for any. */
function refuseUnsigned({ node, flags, invocation }: Context): void {
  const wanted = ["1", "t", "true"].includes((invocation.env.DOCKER_CONTENT_TRUST ?? "").toLowerCase());
  const disabled = flags.boolOr("disable-content-trust", !wanted);
  if (!trusting.has(node.canonical) || disabled) return;
  const code = node.canonical === "container run" ? 125 : 1;
  throw new CliError("Error: error contacting notary server: dial tcp: lookup notary.docker.io: no such host", code);
}

export function requireSupport(context: Context): Promise<void> | undefined {
  const { flags } = context;
  refuseUnsigned(context);
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
  const experimental = experimentalFlags.find((f) => flags.changed(f));
  return experimental === undefined ? undefined : check(context, `--${experimental}`);
}

/** Of a whole command: asked before anything else is found wrong with its line. */
export async function requireSupportedCommand(context: Context): Promise<void> {
  await check(context, commandPath(context.node));
}
export const needsSupport = ({ canonical }: CommandNode): boolean => /^checkpoint\b/.test(canonical);

async function check({ client }: Context, subject: string): Promise<void> {
  const { headers } = await client.call("GET", "/_ping");
  if (headers["docker-experimental"] !== "true")
    throw new CliError(`${subject} is only supported on a Docker daemon with experimental features enabled`);
}
