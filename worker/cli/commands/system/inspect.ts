/** `docker inspect`, and the `inspect` of each kind of object. */
import { type Inspected, inspectAll } from "../../format/inspect.ts";
import { parsePlatform } from "../../image/platform.ts";
import { imagePath, segment } from "../../session/client.ts";
import type { Context, Handler } from "../../session/context.ts";
import { ApiError, CliError, messageOf } from "../../session/errors.ts";

interface Kind {
  readonly name: string;
  readonly swarm: boolean;
  readonly path: (reference: string) => string;
  readonly type: string;
  readonly times?: readonly string[];
}

const kinds: readonly Kind[] = [
  {
    name: "container",
    swarm: false,
    path: (r) => `/containers/${segment(r)}/json`,
    type: "container.InspectResponse",
    times: ["Start", "End"],
  },
  {
    name: "image",
    swarm: false,
    path: (r) => `/images/${imagePath(r)}/json`,
    type: "image.InspectResponse",
    times: ["LastTagTime"],
  },
  {
    name: "network",
    swarm: false,
    path: (r) => `/networks/${segment(r)}`,
    type: "network.Inspect",
    times: ["Created"],
  },
  { name: "volume", swarm: false, path: (r) => `/volumes/${segment(r)}`, type: "volume.Volume" },
  { name: "service", swarm: true, path: (r) => `/services/${segment(r)}?insertDefaults=true`, type: "swarm.Service" },
  { name: "task", swarm: true, path: (r) => `/tasks/${segment(r)}`, type: "swarm.Task" },
  { name: "node", swarm: true, path: (r) => `/nodes/${segment(r)}`, type: "swarm.Node" },
  { name: "plugin", swarm: false, path: (r) => `/plugins/${imagePath(r)}/json`, type: "types.Plugin" },
  { name: "secret", swarm: true, path: (r) => `/secrets/${segment(r)}`, type: "swarm.Secret" },
  { name: "config", swarm: true, path: (r) => `/configs/${segment(r)}`, type: "swarm.Config" },
];
const allNames = ["config", "container", "image", "network", "node", "plugin", "secret", "service", "task", "volume"];

interface FetchOptions {
  readonly size?: boolean;
  /** Of an image, as the API takes it. */
  readonly platform?: string | undefined;
}

async function fetchKind(
  { client }: Context,
  kind: Kind,
  reference: string,
  { size = false, platform }: FetchOptions = {},
): Promise<Inspected> {
  const [path = "", query] = kind.path(reference).split("?");
  const value = await client.get(path, {
    ...(query !== undefined && { insertDefaults: "true" }),
    ...(size && kind.name === "container" && { size: true }),
    ...(platform !== undefined && { platform }),
  });
  return { value, type: kind.type, ...(kind.times && { times: kind.times }) };
}

const skippable = (error: unknown): boolean =>
  (error instanceof ApiError && error.status === 404) ||
  /not supported|invalid reference format/.test(messageOf(error));

export const inspect: Handler = (context) => {
  const { flags, client, err } = context;
  const wanted = flags.string("type");
  if (flags.changed("type") && wanted === "")
    throw new CliError(`type is empty: must be one of "${allNames.join('", "')}"`);
  if (wanted !== "" && !allNames.includes(wanted))
    throw new CliError(`unknown type: ${JSON.stringify(wanted)}: must be one of "${allNames.join('", "')}"`);
  const size = flags.bool("size");
  let manager: Promise<boolean> | undefined;
  const isManager = (): Promise<boolean> => {
    manager ??= client.get<{ readonly Swarm?: { readonly ControlAvailable?: boolean } }>("/info").then(
      (info) => info.Swarm?.ControlAvailable === true,
      (error) => {
        err.line(messageOf(error));
        return false;
      },
    );
    return manager;
  };
  return inspectAll(context, async (reference) => {
    for (const kind of kinds) {
      if (wanted !== "" && kind.name !== wanted) continue;
      if (wanted === "" && kind.swarm && !(await isManager())) continue;
      try {
        const found = await fetchKind(context, kind, reference, { size });
        if (size && kind.name !== "container") err.line(`WARNING: --size ignored for ${kind.name}`);
        return found;
      } catch (error) {
        if (wanted !== "" || !skippable(error)) throw error;
      }
    }
    throw new CliError(`Error: No such object: ${reference}`);
  });
};

/** `docker container inspect` and its like. */
export const inspectKind =
  (name: string): Handler =>
  (context) => {
    const kind = kinds.find((k) => k.name === name);
    if (kind === undefined) throw new CliError(`unknown type: ${JSON.stringify(name)}`);
    const platform = name === "image" ? context.flags.string("platform") : "";
    const options: FetchOptions = {
      size: context.flags.bool("size"),
      platform: platform === "" ? undefined : JSON.stringify(parsePlatform(platform)),
    };
    const raw = name !== "volume";
    return inspectAll(context, async (reference) => ({ ...(await fetchKind(context, kind, reference, options)), raw }));
  };
