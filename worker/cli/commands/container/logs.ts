/** `docker logs`. */
import type { ContainerInspect } from "../../api-types.ts";
import { apiTimestamp } from "../../format/timestamp.ts";
import { Demultiplexer } from "../../io/multiplexed.ts";
import { readBytes, segment, streamChunks } from "../../session/client.ts";
import type { Handler } from "../../session/context.ts";
import { CliError } from "../../session/errors.ts";

export const logs: Handler = async ({ flags, args, client, out, err, now }) => {
  const [name = ""] = args;
  const { Id: id, Config: config } = await client.get<ContainerInspect>(`/containers/${segment(name)}/json`);
  const time = (flag: string): string | undefined => {
    const text = flags.string(flag);
    if (text === "") return undefined;
    try {
      return apiTimestamp(text, now());
    } catch (error) {
      throw new CliError(`invalid value for "${flag}": ${(error as Error).message}`);
    }
  };
  const response = await client.call("GET", `/containers/${segment(id)}/logs`, {
    query: {
      stdout: true,
      stderr: true,
      since: time("since"),
      until: time("until"),
      timestamps: flags.bool("timestamps"),
      follow: flags.bool("follow"),
      details: flags.bool("details"),
      tail: flags.string("tail") || "all",
    },
  });
  const frames = new Demultiplexer();
  for await (const chunk of streamChunks(readBytes(response))) {
    if (config.Tty) await out.write(chunk);
    else
      for (const { stream, bytes } of frames.push(chunk)) {
        if (stream === "systemerr")
          throw new CliError(`error from daemon in stream: ${new TextDecoder().decode(bytes)}`);
        await (stream === "stderr" ? err : out).write(bytes);
      }
  }
  return 0;
};
