/** `docker system dial-stdio`: the Engine API on the command's own stdin and stdout, for clients that come by ssh://. */
import type { Handler } from "../../session/context.ts";
import { CliError } from "../../session/errors.ts";

export const dialStdio: Handler = async ({ client, invocation, out, serve }) => {
  if (serve === undefined) throw new CliError("failed to open the raw stream connection: no way to this engine");
  // Says first, as the real client does, what is wrong with the way there.
  await client.call("HEAD", "/_ping");
  const writable = new WritableStream<Uint8Array>({ write: (chunk) => out.write(chunk) });
  await serve({ readable: invocation.stdin, writable }, client.transport);
  return 0;
};
