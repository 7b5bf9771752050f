/** `docker service` and `docker stack`, as far as an engine without services answers them. */
import { syntaxError } from "../../../go/strconv.ts";
import { openFile } from "../../io/copy.ts";
import { toMap } from "../../run/key-values.ts";
import type { Context, Handler } from "../../session/context.ts";
import { CliError, messageOf, throwJoined } from "../../session/errors.ts";
import { change } from "./objects.ts";

/** Commands whose first question an engine outside a swarm already refuses. */
export const ask =
  (path: (context: Context) => string): Handler =>
  async (context) => {
    await context.client.get(path(context));
    throw new CliError("this command needs a swarm");
  };

export const scale: Handler = async (context) => {
  const errors: unknown[] = [];
  for (const argument of context.args) {
    const [name = "", count = ""] = argument.split("=");
    if (!argument.includes("=") || count === "" || !/^\d+$/.test(count)) {
      errors.push(
        new CliError(
          argument.includes("=")
            ? `invalid replicas value ${count}: ${syntaxError("ParseUint", count)}`
            : `invalid scale specifier '${argument}'.\nSee 'docker service scale --help'.\n\nUsage:  docker service scale SERVICE=REPLICAS [SERVICE=REPLICAS...]\n\nScale one or multiple replicated services`,
        ),
      );
      continue;
    }
    try {
      await change(context, "service", name, (spec) => ({
        ...spec,
        Mode: { Replicated: { Replicas: Number(count) } },
      }));
      context.out.line(`${name} scaled to ${count}`);
    } catch (error) {
      errors.push(new CliError(`${name}: ${messageOf(error)}`));
    }
  }
  throwJoined(errors);
  return 0;
};

export const serviceCreate: Handler = async ({ flags, args, client, out }) => {
  const [image = "", ...command] = args;
  const replicas = flags.changed("replicas") ? flags.number("replicas") : 1;
  const { ID } = await client.post<{ readonly ID: string }>("/services/create", {
    Name: flags.string("name"),
    Labels: toMap(flags.list("label")),
    TaskTemplate: {
      ContainerSpec: {
        Image: image,
        Args: command,
        Env: flags.list("env"),
        Labels: toMap(flags.list("container-label")),
      },
    },
    Mode: flags.string("mode") === "global" ? { Global: {} } : { Replicated: { Replicas: replicas } },
  });
  out.line(ID);
  return 0;
};

export const serviceUpdate: Handler = async (context) => {
  const { flags, args, out } = context;
  const [name = ""] = args;
  await change(context, "service", name, (spec) => ({
    ...spec,
    ...(flags.changed("replicas") && { Mode: { Replicated: { Replicas: flags.number("replicas") } } }),
  }));
  out.line(name);
  return 0;
};

/** `stack deploy` and `stack config` read their files before anything else. */
export const stackFile: Handler = async (context) => {
  const files = context.flags.list("compose-file");
  if (files.length === 0) throw new CliError("Specify a Compose file (with --compose-file)");
  for (const file of files) if (file !== "-") await openFile(context, file);
  await context.client.get("/nodes");
  throw new CliError("this command needs a swarm");
};
