/**
 * `docker buildx dial-stdio`: the connection to the builder's BuildKit on the command's own stdin and stdout. The docker driver's is the
 * engine's `POST /grpc`, upgraded to HTTP/2.
 */
import type { Handler } from "../session/context.ts";
import { ApiError, CliError } from "../session/errors.ts";

export const dialStdio: Handler = async ({ client, invocation, out, signal }) => {
  const headers = { connection: "Upgrade", upgrade: "h2c" };
  const { body } = await client.call("POST", "/grpc", { headers, signal }).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 404)
      throw new CliError(
        "failed to dial: BuildKit's protocol is spoken at this engine's socket outside of the machine alone",
      );
    throw error;
  });
  if (body.kind !== "upgrade") throw new CliError("failed to dial: the engine did not hand over the connection");
  const { readable, writable } = body.stream;
  // What comes in ends with the command: the builder may have an answer yet.
  void invocation.stdin.pipeTo(writable, { signal }).catch(() => undefined);
  for await (const part of readable as unknown as AsyncIterable<Uint8Array>) {
    out.write(part);
    await out.flush();
  }
  return 0;
};
