/**
 * `docker manifest …`. The real client speaks to the registry itself; this one asks the engine (GET /distribution/{name}/json),
 * which tells digest, size and platforms, but not the layers. Lists under construction lie in ~/.docker/manifests, as they do there.
 */
import { authHeader } from "../../config/auth.ts";
import { joinPath, writeFile } from "../../config/config-file.ts";
import { normalizedReference, type Reference, withDefaultTag } from "../../image/reference.ts";
import { imagePath, readJson } from "../../session/client.ts";
import type { Context, Handler } from "../../session/context.ts";
import { ApiError, CliError, throwJoined } from "../../session/errors.ts";
import { toJsonIndented } from "../../template/json.ts";

interface Descriptor {
  readonly mediaType: string;
  readonly size: number;
  readonly digest: string;
  readonly platform?: Readonly<Record<string, unknown>>;
}
interface Distribution {
  readonly Descriptor: Descriptor;
  readonly Platforms: readonly Readonly<Record<string, unknown>>[] | null;
}

const fullName = ({ domain, path, tag, digest }: Reference): string =>
  `${domain}/${path}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
const parse = (name: string): Reference => withDefaultTag(normalizedReference(name));

async function distribution({ client, config }: Context, name: string): Promise<Distribution> {
  try {
    const response = await client.call("GET", `/distribution/${imagePath(name)}/json`, {
      headers: authHeader(config, name),
    });
    return (await readJson(response)) as Distribution;
  } catch (error) {
    if (error instanceof ApiError && [401, 403, 404].includes(error.status))
      throw new CliError(`no such manifest: ${fullName(parse(name))}`);
    throw error;
  }
}

const fileName = (reference: Reference): string =>
  fullName(reference).replaceAll("/", "_").replaceAll(":", "-").replaceAll("@", "-");
const listDirectory = (context: Context, reference: Reference): string =>
  joinPath(context.configDirectory, `manifests/${fileName(reference)}`);

async function localList(context: Context, reference: Reference): Promise<readonly Descriptor[] | undefined> {
  const directory = listDirectory(context, reference);
  if ((await context.invocation.files.stat(directory)) === undefined) return undefined;
  const out: Descriptor[] = [];
  for (const { path, type } of await context.invocation.files.walk(directory))
    if (type === "file")
      out.push(
        JSON.parse(
          new TextDecoder().decode(await context.invocation.files.read(joinPath(directory, path))),
        ) as Descriptor,
      );
  return out;
}

const listType = "application/vnd.docker.distribution.manifest.list.v2+json";

export const inspect: Handler = async (context) => {
  const { args, out } = context;
  const name = args.at(-1) ?? "";
  const local = await localList(context, parse(name));
  if (local !== undefined) {
    out.line(toJsonIndented({ schemaVersion: 2, mediaType: listType, manifests: local }, "   "));
    return 0;
  }
  const { Descriptor: descriptor, Platforms: platforms } = await distribution(context, name);
  out.line(toJsonIndented({ schemaVersion: 2, ...descriptor, ...(platforms !== null && { platforms }) }, "   "));
  return 0;
};

export const create: Handler = async (context) => {
  const { args, flags, invocation, out } = context;
  const [listName = "", ...images] = args;
  const reference = parse(listName);
  if (!flags.bool("amend") && (await localList(context, reference)) !== undefined)
    throw new CliError(`refusing to amend an existing manifest list with no --amend flag`);
  const directory = listDirectory(context, reference);
  for (const image of images) {
    const { Descriptor: descriptor, Platforms: platforms } = await distribution(context, image);
    await invocation.files.mkdir(directory, { mode: 0o755, parents: true });
    const platform = platforms?.[0];
    const entry: Descriptor = { ...descriptor, ...(platform !== undefined && { platform }) };
    await writeFile(invocation, joinPath(directory, fileName(parse(image))), JSON.stringify(entry), 0o644);
  }
  out.line(`Created manifest list ${fullName(reference)}`);
  return 0;
};

export const annotate: Handler = async (context) => {
  const { args, flags, invocation } = context;
  const [listName = "", image = ""] = args;
  const path = joinPath(listDirectory(context, parse(listName)), fileName(parse(image)));
  if ((await invocation.files.stat(path)) === undefined)
    throw new CliError(`manifest for image ${image} does not exist in ${listName}`);
  const entry = JSON.parse(new TextDecoder().decode(await invocation.files.read(path))) as Descriptor;
  const platform = {
    ...entry.platform,
    ...(flags.string("os") !== "" && { os: flags.string("os") }),
    ...(flags.string("arch") !== "" && { architecture: flags.string("arch") }),
    ...(flags.string("variant") !== "" && { variant: flags.string("variant") }),
    ...(flags.string("os-version") !== "" && { "os.version": flags.string("os-version") }),
    ...(flags.list("os-features").length > 0 && { "os.features": flags.list("os-features") }),
  };
  await writeFile(invocation, path, JSON.stringify({ ...entry, platform }), 0o644);
  return 0;
};

export const push: Handler = async (context) => {
  const [name = ""] = context.args;
  const reference = parse(name);
  const list = await localList(context, reference);
  if (list === undefined || list.length === 0) throw new CliError(`${fullName(reference)} not found`);
  throw new CliError("manifest lists cannot be pushed from here: the Engine API has no operation for it");
};

export const remove: Handler = async (context) => {
  const errors: unknown[] = [];
  for (const name of context.args) {
    const reference = parse(name);
    const directory = listDirectory(context, reference);
    if ((await context.invocation.files.stat(directory)) === undefined)
      errors.push(new CliError(`No such manifest: ${fullName(reference)}`));
    else await context.invocation.files.remove(directory);
  }
  throwJoined(errors);
  return 0;
};
