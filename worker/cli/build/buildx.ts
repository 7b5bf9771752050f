/** `docker buildx`: there is one builder, the engine itself. */
import { alignTabs } from "../format/tabwriter.ts";
import { humanDuration, humanSize } from "../format/units.ts";
import type { Context, Handler } from "../session/context.ts";
import { CliError } from "../session/errors.ts";
import { build } from "./build.ts";
import { flagSpecs, parse } from "./flags.ts";

const version = "v0.29.1";

interface CacheRecord {
  readonly ID: string;
  readonly Description: string;
  readonly Size: number;
  readonly Shared: boolean;
  readonly LastUsedAt: string;
  readonly CreatedAt: string;
  readonly UsageCount: number;
  readonly Type: string;
}

const help = `Usage:  docker buildx [OPTIONS] COMMAND

Extended build capabilities with BuildKit

Management Commands:
  imagetools  Commands to work on images in registry

Commands:
  build       Start a build
  du          Disk usage
  inspect     Inspect current builder instance
  ls          List builder instances
  prune       Remove build cache
  version     Show buildx version information

Run 'docker buildx COMMAND --help' for more information on a command.
`;

const commands: Readonly<Record<string, Handler>> = {
  build,
  b: build,
  async version({ out }) {
    out.line(`github.com/docker/buildx ${version} drydock`);
    return 0;
  },
  async ls({ out }) {
    const rows = [
      "NAME/NODE\tDRIVER/ENDPOINT\tSTATUS\tBUILDKIT\tPLATFORMS",
      "default*\tdocker\t\t\t",
      " \\_ default\t \\_ default\trunning\tdrydock\tlinux/386",
    ];
    out.print(alignTabs(`${rows.join("\n")}\n`, { minimum: 0, padding: 1 }));
    return 0;
  },
  async inspect({ out }) {
    out.print(
      "Name:   default\nDriver: docker\n\nNodes:\nName:             default\nEndpoint:         default\nStatus:           running\nBuildKit version: drydock\nPlatforms:        linux/386\n",
    );
    return 0;
  },
  async use() {
    return 0;
  },
  du: diskUsage,
  prune,
  async create() {
    throw new CliError("ERROR: this engine is its own builder: further builders need a host of their own");
  },
  async bake() {
    throw new CliError("ERROR: docker buildx bake is not offered here: use docker build or docker compose build");
  },
  async history() {
    throw new CliError("ERROR: this builder keeps no history of builds: docker buildx du shows what it cached");
  },
  imagetools,
};

export const buildx: Handler = async (context) => {
  const [name, ...args] = context.args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    context.out.print(help);
    return 0;
  }
  const run = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (run === undefined)
    throw new CliError(
      `docker: unknown command: docker buildx ${name}\n\nRun 'docker buildx --help' for more information`,
    );
  return await run({ ...context, args });
};

async function diskUsage(context: Context): Promise<number> {
  const { client, out, now } = context;
  const { flags } = parse(
    "docker buildx du",
    flagSpecs("verbose,,bool filter,,filter format,,string builder,,string"),
    context.args,
  );
  const { BuildCache } = await client.get<{ readonly BuildCache: readonly CacheRecord[] | null }>("/system/df", {
    type: "build-cache",
  });
  const records = BuildCache ?? [];
  const total = records.reduce((sum, { Size }) => sum + Size, 0);
  const shared = records.filter(({ Shared }) => Shared).reduce((sum, { Size }) => sum + Size, 0);
  if (flags.bool("verbose"))
    for (const { ID, CreatedAt, Size, Shared, Description, UsageCount, LastUsedAt, Type } of records)
      out.print(
        alignTabs(
          `ID:\t${ID}\nCreated at:\t${CreatedAt}\nMutable:\tfalse\nReclaimable:\t${!Shared}\nShared:\t${Shared}\nSize:\t${humanSize(Size)}\nDescription:\t${Description}\nUsage count:\t${UsageCount}\nLast used:\t${humanDuration(now() - Date.parse(LastUsedAt))} ago\nType:\t${Type}\n`,
          { minimum: 0, padding: 1 },
        ),
      );
  else {
    const rows = records.map(
      ({ ID, Shared, Size, LastUsedAt }) =>
        `${ID}${Shared ? "" : ""}\t${!Shared}\t${humanSize(Size)}\t${humanDuration(now() - Date.parse(LastUsedAt))} ago`,
    );
    out.print(
      alignTabs(`${["ID\tRECLAIMABLE\tSIZE\tLAST ACCESSED", ...rows].join("\n")}\n`, { minimum: 0, padding: 4 }),
    );
  }
  out.print(
    alignTabs(
      `Shared:\t${humanSize(shared)}\nPrivate:\t${humanSize(total - shared)}\nReclaimable:\t${humanSize(total - shared)}\nTotal:\t${humanSize(total)}\n`,
      { minimum: 0, padding: 1 },
    ),
  );
  return 0;
}

async function prune(context: Context): Promise<number> {
  const { client, out } = context;
  const { flags } = parse(
    "docker buildx prune",
    flagSpecs(
      "all,a,bool filter,,filter force,f,bool keep-storage,,bytes reserved-space,,bytes verbose,,bool builder,,string",
    ),
    context.args,
  );
  if (!flags.bool("force")) {
    const { confirm } = await import("../io/prompt.ts");
    const what = flags.bool("all") ? "all build cache" : "all dangling build cache";
    if (!(await confirm(context, `WARNING! This will remove ${what}. Are you sure you want to continue?`))) return 0;
  }
  const keep = flags.number("reserved-space") || flags.number("keep-storage");
  const { CachesDeleted, SpaceReclaimed } = await client.post<{
    readonly CachesDeleted: readonly string[];
    readonly SpaceReclaimed: number;
  }>("/build/prune", undefined, {
    all: flags.bool("all"),
    "keep-storage": keep || undefined,
    filters: JSON.stringify(flags.filters()),
  });
  if (CachesDeleted.length > 0) out.print(`ID\n${CachesDeleted.map((id) => `${id}\n`).join("")}`);
  out.line(`Total:\t${humanSize(SpaceReclaimed)}`);
  return 0;
}

/** Looks into a registry through the engine. */
async function imagetools({ args: [command, ...args], client, out }: Context): Promise<number> {
  if (command !== "inspect") throw new CliError(`ERROR: docker buildx imagetools ${command ?? ""} is not offered here`);
  const name = args.find((arg) => !arg.startsWith("-")) ?? "";
  const answer = await client.get<{
    readonly Descriptor: { readonly mediaType: string; readonly digest: string };
    readonly Platforms: readonly { readonly os: string; readonly architecture: string; readonly variant?: string }[];
  }>(`/distribution/${name}/json`);
  const { Descriptor, Platforms } = answer;
  out.print(`Name:      ${name}\nMediaType: ${Descriptor.mediaType}\nDigest:    ${Descriptor.digest}\n`);
  for (const { os, architecture, variant } of Platforms)
    out.print(`Platform:  ${[os, architecture, ...(variant ? [variant] : [])].join("/")}\n`);
  return 0;
}
