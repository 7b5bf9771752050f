/** `docker checkpoint …`: of engines with experimental features (session/support.ts refuses for the others). */
import { formatRows } from "../../format/formatter.ts";
import { segment } from "../../session/client.ts";
import type { Handler } from "../../session/context.ts";
import { Methods } from "../../template/value.ts";

export const create: Handler = async ({ flags, args, client, out }) => {
  const [container = "", checkpoint = ""] = args;
  await client.post(`/containers/${segment(container)}/checkpoints`, {
    CheckpointID: checkpoint,
    CheckpointDir: flags.string("checkpoint-dir"),
    Exit: !flags.bool("leave-running"),
  });
  out.line(checkpoint);
  return 0;
};

export const list: Handler = async ({ flags, args, client, out }) => {
  const [container = ""] = args;
  const checkpoints = await client.get<readonly { readonly Name: string }[]>(
    `/containers/${segment(container)}/checkpoints`,
    {
      dir: flags.string("checkpoint-dir"),
    },
  );
  const rows = checkpoints.map(({ Name }) => new Methods("*checkpoint.checkpointContext", { Name: () => Name }));
  out.print(formatRows("table {{.Name}}", { Name: "CHECKPOINT NAME" }, rows));
  return 0;
};

export const remove: Handler = async ({ flags, args, client }) => {
  const [container = "", checkpoint = ""] = args;
  await client.delete(`/containers/${segment(container)}/checkpoints/${segment(checkpoint)}`, {
    dir: flags.string("checkpoint-dir"),
  });
  return 0;
};
