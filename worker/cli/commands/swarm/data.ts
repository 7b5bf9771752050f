/** `docker secret create` and `docker config create`. */
import { openFile } from "../../io/copy.ts";
import { toMap } from "../../run/key-values.ts";
import type { Context, Handler } from "../../session/context.ts";
import { CliError, messageOf } from "../../session/errors.ts";

async function readInput(context: Context, file: string, what: string): Promise<string> {
  if (file === "") throw new CliError(`${what} file is required`);
  const { invocation } = context;
  const stream = file === "-" ? invocation.stdin : await openFile(context, file);
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  if (file === "-" && bytes.length === 0) throw new CliError("error reading from STDIN: data is empty");
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

export const createData =
  (kind: "secret" | "config"): Handler =>
  async (context) => {
    const { flags, args, client, out } = context;
    const [name = "", file = ""] = args;
    const driver = flags.string("driver");
    if (driver !== "" && file !== "") throw new CliError("When using secret driver secret data must be empty");
    const templating = flags.string("template-driver");
    const data =
      driver !== ""
        ? undefined
        : await readInput(context, file, kind).catch((error) => {
            if (kind === "secret") throw error;
            throw new CliError(`Error reading content from ${JSON.stringify(file)}: ${messageOf(error)}`);
          });
    const { ID } = await client.post<{ readonly ID: string }>(`/${kind}s/create`, {
      Name: name,
      Labels: toMap(flags.list("label")),
      ...(data !== undefined && { Data: data }),
      ...(driver !== "" && { Driver: { Name: driver } }),
      ...(templating !== "" && { Templating: { Name: templating } }),
    });
    out.line(ID);
    return 0;
  };
