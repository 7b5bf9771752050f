/** POST /containers/{id}/attach and /exec/{id}/start as byte streams. */
import type { ByteDuplex } from "../../../api/transport.ts";
import { type CallOptions, segment } from "../../session/client.ts";
import type { Context } from "../../session/context.ts";
import { ApiError, CliError } from "../../session/errors.ts";

export interface AttachQuery {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly detachKeys: string;
}

export const attachContainer = (context: Context, id: string, query: AttachQuery): Promise<ByteDuplex> =>
  upgrade(context, `/containers/${segment(id)}/attach`, { query: { stream: true, ...query } });

export async function upgrade({ client }: Context, path: string, options: CallOptions): Promise<ByteDuplex> {
  const { body } = await client
    .call("POST", path, { ...options, headers: { upgrade: "tcp", connection: "Upgrade" }, signal: never })
    .catch((error) => {
      // Go's client does not read why.
      throw error instanceof ApiError ? new CliError(`unable to upgrade to tcp, received ${error.status}`) : error;
    });
  if (body.kind === "upgrade") return body.stream;
  if (body.kind === "stream") return { readable: body.stream, writable: new WritableStream() };
  throw new CliError("unable to upgrade to tcp, received 200");
}
const never = new AbortController().signal;
