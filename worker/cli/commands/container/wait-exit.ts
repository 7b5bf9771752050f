/** Waiting for a container's end: docker/cli's waitExitOrRemoved. */
import { readJson, segment } from "../../session/client.ts";
import type { Context } from "../../session/context.ts";
import { messageOf } from "../../session/errors.ts";

/** The request is under way when this returns, so that no exit is missed; the answer is the exit code, 125 when it cannot be had. */
export async function waitForExit(
  context: Context,
  id: string,
  removed: boolean,
): Promise<{ readonly code: Promise<number> }> {
  const { client, err } = context;
  const condition = removed ? "removed" : "next-exit";
  try {
    const response = await client.call("POST", `/containers/${segment(id)}/wait`, {
      query: { condition },
      signal: never,
    });
    const code = readJson(response).then(
      (value) => {
        const { StatusCode, Error: error } = value as { StatusCode: number; Error?: { Message: string } | null };
        if (error === undefined || error === null || error.Message === undefined) return StatusCode;
        err.line(`Error waiting for container: ${error.Message}`);
        return 125;
      },
      (error) => {
        err.line(`error waiting for container: ${messageOf(error)}`);
        return 125;
      },
    );
    return { code };
  } catch (error) {
    err.line(`error waiting for container: ${messageOf(error)}`);
    return { code: Promise.resolve(125) };
  }
}
/** Signals go to the container, they do not end the wait for it. */
const never = new AbortController().signal;
