/** What the engine knows that could be meant: containers, images, networks, volumes, and the fixed values of flags. */
import type { ContainerSummary, ImageSummary, NetworkSummary, VolumeSummary } from "../api-types.ts";
import type { CommandNode } from "../command/tree.ts";
import { listContexts } from "../config/contexts.ts";
import type { Context } from "../session/context.ts";
import type { Completion } from "./completion.ts";

const list = (candidates: readonly string[]): Completion => ({ candidates, directive: 4 });
const files: Completion = { candidates: [], directive: 0 };
const nothing: Completion = list([]);

type Test = (container: ContainerSummary) => boolean;

async function containers({ client }: Context, all: boolean, test: Test = () => true): Promise<readonly string[]> {
  const found = await client.get<readonly ContainerSummary[]>("/containers/json", { all }).catch(() => []);
  return found.filter(test).map((c) => (c.Names[0] ?? "").slice(1));
}
async function images({ client }: Context): Promise<readonly string[]> {
  const found = await client.get<readonly ImageSummary[]>("/images/json").catch(() => []);
  return found.flatMap((i) => i.RepoTags ?? []).filter((name) => name !== "<none>:<none>");
}
async function networks({ client }: Context): Promise<readonly string[]> {
  return (await client.get<readonly NetworkSummary[]>("/networks").catch(() => [])).map((n) => n.Name);
}
async function volumes({ client }: Context): Promise<readonly string[]> {
  const { Volumes } = await client
    .get<{ readonly Volumes: readonly VolumeSummary[] | null }>("/volumes")
    .catch(() => ({ Volumes: [] }));
  return (Volumes ?? []).map((v) => v.Name);
}

const isIn =
  (...states: readonly string[]): Test =>
  ({ State }) =>
    states.includes(State);
const isNot =
  (...states: readonly string[]): Test =>
  ({ State }) =>
    !states.includes(State);

/** Arguments by command; `once`: only the first one is a name. */
const containerCommands: Readonly<
  Record<string, { readonly all: boolean; readonly test?: Test; readonly once?: boolean }>
> = {
  "container attach": { all: false, test: isNot("paused"), once: true },
  "container commit": { all: true, once: true },
  "container diff": { all: true, once: true },
  "container exec": { all: false, test: isNot("paused"), once: true },
  "container export": { all: true, once: true },
  "container inspect": { all: true },
  "container kill": { all: false },
  "container logs": { all: true, once: true },
  "container pause": { all: false, test: isNot("paused") },
  "container port": { all: false, once: true },
  "container rename": { all: true, once: true },
  "container restart": { all: true },
  "container start": { all: true, test: isIn("exited", "created") },
  "container stats": { all: false },
  "container stop": { all: false },
  "container top": { all: false, once: true },
  "container unpause": { all: false, test: isIn("paused") },
  "container update": { all: true },
  "container wait": { all: false },
};
const imageCommands: Readonly<Record<string, boolean>> = {
  "container run": true,
  "container create": true,
  "image history": true,
  "image inspect": false,
  "image push": true,
  "image rm": false,
  "image save": false,
  "image tag": true,
};

export async function argumentCandidates(
  context: Context,
  node: CommandNode,
  args: readonly string[],
): Promise<Completion> {
  const { canonical } = node;
  const wanted = containerCommands[canonical];
  const unused = (names: readonly string[]): Completion => list(names.filter((name) => !args.includes(name)));
  if (wanted !== undefined)
    return wanted.once === true && args.length > 0
      ? nothing
      : unused(await containers(context, wanted.all, wanted.test));
  const onlyFirst = imageCommands[canonical];
  if (onlyFirst !== undefined) return onlyFirst && args.length > 0 ? nothing : unused(await images(context));
  switch (canonical) {
    case "container rm":
      return unused(await containers(context, true, isNot("running", "paused", "restarting")));
    case "network rm":
    case "network inspect":
      return unused(await networks(context));
    case "network connect":
    case "network disconnect":
      return args.length === 0
        ? list(await networks(context))
        : args.length === 1
          ? list(await containers(context, true))
          : nothing;
    case "volume rm":
    case "volume inspect":
      return unused(await volumes(context));
    case "context use":
    case "context rm":
    case "context inspect":
    case "context export":
    case "context update": {
      const metas = await listContexts(context.invocation, context.configDirectory);
      return list(metas.map(({ Name }) => (Name === context.contextName ? `${Name}\tcurrent` : Name)));
    }
    case "container cp":
    case "image load":
    case "image import":
    case "image build":
    case "context import":
      return files;
    default:
      return nothing;
  }
}

const fixed: Readonly<Record<string, readonly string[]>> = {
  attach: ["stderr", "stdin", "stdout"],
  cgroupns: ["host", "private"],
  "log-driver": ["json-file", "local", "none"],
  "log-level": ["debug", "info", "warn", "error", "fatal", "panic"],
  pull: ["always", "missing", "never"],
  restart: ["no", "always", "on-failure", "unless-stopped"],
  signal: ["SIGABRT", "SIGHUP", "SIGINT", "SIGKILL", "SIGQUIT", "SIGSTOP", "SIGTERM", "SIGUSR1", "SIGUSR2"],
  "stop-signal": ["SIGABRT", "SIGHUP", "SIGINT", "SIGKILL", "SIGQUIT", "SIGSTOP", "SIGTERM", "SIGUSR1", "SIGUSR2"],
  "cap-add": ["ALL", "CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE", "CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_SYS_TIME"],
  "cap-drop": ["ALL", "CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID"],
  platform: ["linux/386", "linux/amd64", "linux/arm/v7", "linux/arm64"],
  driver: ["bridge", "host", "ipvlan", "macvlan", "none"],
  type: ["config", "container", "image", "network", "node", "plugin", "secret", "service", "task", "volume"],
  userns: ["host"],
  uts: ["host"],
};
const fileFlags = new Set(["env-file", "label-file", "cidfile", "input", "output", "file", "compose-file", "config"]);

export async function flagCandidates(context: Context, { canonical }: CommandNode, flag: string): Promise<Completion> {
  if (fileFlags.has(flag)) return files;
  if (flag === "env") return list(Object.keys(context.invocation.env));
  if (flag === "network") return list(await networks(context));
  if (flag === "volumes-from" || flag === "link") return list(await containers(context, true));
  if (flag === "volume") return { candidates: await volumes(context), directive: 0 };
  if (flag === "driver" && canonical !== "network create") return list(["local"]);
  if (flag === "pid" || flag === "ipc") return list(["host", "container:"]);
  const values = fixed[flag];
  return values === undefined ? files : list(values);
}
