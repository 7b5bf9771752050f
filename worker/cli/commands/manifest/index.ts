/**
 * `docker manifest …`: the client speaks to the registry itself (docker/cli, cli/command/manifest). Lists under construction lie in
 * ~/.docker/manifests until they are pushed or removed.
 */
import { fullName, normalizedReference, type Reference, withDefaultTag } from "../../image/reference.ts";
import {
  blobsOf,
  type ImageManifest,
  isKnownPlatform,
  manifestList,
  platformOf,
  rawBytes,
  rawText,
} from "../../manifest/image-manifest.ts";
import { openRepository, remoteManifest, remoteManifests } from "../../manifest/remote.ts";
import { findList, findManifest, getList, getManifest, removeList, saveManifest } from "../../manifest/store.ts";
import type { Repository } from "../../registry.ts";
import type { Context, Handler } from "../../session/context.ts";
import { CliError, messageOf, throwJoined } from "../../session/errors.ts";

const parse = (name: string): Reference => withDefaultTag(normalizedReference(name));

function parseFor(what: string, name: string): Reference {
  try {
    return parse(name);
  } catch (cause) {
    throw new CliError(`${what} ${name}: ${messageOf(cause)}`, 1, { cause });
  }
}

export const inspect: Handler = async (context) => {
  const { args } = context;
  const reference = parse(args.at(-1) ?? "");
  if (args.length > 1) return printImage(context, await getManifest(context, parse(args[0] ?? ""), reference));
  const local = await findList(context, reference);
  if (local !== undefined) return printList(context, reference, local);
  const remote = await remoteManifests(context, reference);
  return "image" in remote ? printImage(context, remote.image) : printList(context, reference, remote.list);
};

function printImage({ flags, out }: Context, manifest: ImageManifest): number {
  out.line(JSON.stringify(flags.bool("verbose") ? manifest : JSON.parse(rawText(manifest)), null, "\t"));
  return 0;
}

function printList({ flags, out }: Context, { domain }: Reference, list: readonly ImageManifest[]): number {
  out.line(flags.bool("verbose") ? JSON.stringify(list, null, "\t") : manifestList(domain, list).text);
  return 0;
}

export const create: Handler = async (context) => {
  const { args, flags, out } = context;
  const [name = "", ...images] = args;
  const list = parseFor("error parsing name for manifest list", name);
  if (!flags.bool("amend") && (await findList(context, list)) !== undefined)
    throw new CliError("refusing to amend an existing manifest list with no --amend flag");
  for (const image of images.map(parse)) {
    const known = await findManifest(context, list, image);
    await saveManifest(context, list, image, known ?? (await remoteManifest(context, image)));
  }
  out.line(`Created manifest list ${fullName(list)}`);
  return 0;
};

export const annotate: Handler = async (context) => {
  const { args, flags } = context;
  const [name = "", imageName = ""] = args;
  const list = parseFor("annotate: error parsing name for manifest list", name);
  const image = parseFor("annotate: error parsing name for manifest", imageName);
  const manifest = await findManifest(context, list, image);
  if (manifest === undefined) throw new CliError(`manifest for image ${imageName} does not exist in ${name}`);
  const known = manifest.Descriptor.platform;
  const given = (flag: string, field: string): Readonly<Record<string, string>> =>
    flags.string(flag) === "" ? {} : { [field]: flags.string(flag) };
  const platform = platformOf({
    ...known,
    ...given("os", "os"),
    ...given("arch", "architecture"),
    ...given("variant", "variant"),
    ...given("os-version", "os.version"),
    "os.features": [...new Set([...(known?.["os.features"] ?? []), ...flags.list("os-features")])],
  });
  if (!isKnownPlatform(platform))
    throw new CliError(
      `manifest entry for image has unsupported os/arch combination: ${flags.string("os")}/${flags.string("arch")}`,
    );
  await saveManifest(context, list, image, { ...manifest, Descriptor: { ...manifest.Descriptor, platform } });
  return 0;
};

export const push: Handler = async (context) => {
  const { args, flags, out } = context;
  const list = parse(args[0] ?? "");
  const manifests = await getList(context, list);
  for (const { Ref, Descriptor } of manifests)
    if ((Descriptor.platform?.os ?? "") === "" || (Descriptor.platform?.architecture ?? "") === "")
      throw new CliError(`manifest ${Ref} must have an OS and Architecture to be pushed to a registry`);
  const { mediaType, text } = manifestList(list.domain, manifests);
  const repository = await openRepository(context, list, true);
  const foreign = manifests.filter(({ Ref }) => normalizedReference(Ref).path !== list.path);
  for (const manifest of foreign) await mountBlobs(repository, manifest, list);
  for (const manifest of foreign) {
    const { digest, mediaType: type } = manifest.Descriptor;
    const pushed = await repository.put(digest, type, rawBytes(manifest));
    out.line(`Pushed ref ${list.domain}/${list.path}@${digest} with digest: ${pushed}`);
  }
  const reference = list.tag ?? list.digest ?? "latest";
  out.line(await repository.put(reference, mediaType, new TextEncoder().encode(text)));
  if (flags.bool("purge")) await removeList(context, list);
  return 0;
};

/** Blobs of other repositories are not sent again: the registry takes them over. */
async function mountBlobs(repository: Repository, manifest: ImageManifest, list: Reference): Promise<void> {
  const from = normalizedReference(manifest.Ref).path;
  for (const digest of blobsOf(manifest))
    if (!(await repository.mount(digest, from)) && manifest.Descriptor.platform?.os !== "windows")
      throw new CliError(`error mounting ${from}@${digest} to ${fullName(list)}`);
}

export const remove: Handler = async (context) => {
  const errors: unknown[] = [];
  for (const name of context.args)
    try {
      const list = parse(name);
      await getList(context, list);
      await removeList(context, list);
    } catch (error) {
      errors.push(error);
    }
  throwJoined(errors);
  return 0;
};
