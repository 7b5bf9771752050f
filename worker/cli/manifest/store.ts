/** Lists under construction: ~/.docker/manifests/<list>/<image>, a JSON file each (docker/cli, cli/manifest/store). */
import { joinPath, writeFile } from "../config/config-file.ts";
import { fullName, type Reference } from "../image/reference.ts";
import type { Context } from "../session/context.ts";
import { CliError } from "../session/errors.ts";
import type { ImageManifest } from "./image-manifest.ts";

type Caller = Pick<Context, "configDirectory" | "invocation">;

const fileName = (reference: Reference): string => fullName(reference).replaceAll(":", "-").replaceAll("/", "_");
const directoryOf = ({ configDirectory }: Caller, list: Reference): string =>
  joinPath(configDirectory, `manifests/${fileName(list)}`);

const noSuchManifest = (reference: Reference): CliError => new CliError(`No such manifest: ${fullName(reference)}`);

async function readManifest({ invocation }: Caller, path: string): Promise<ImageManifest> {
  return JSON.parse(new TextDecoder().decode(await invocation.files.read(path))) as ImageManifest;
}

export async function findManifest(
  caller: Caller,
  list: Reference,
  image: Reference,
): Promise<ImageManifest | undefined> {
  const path = joinPath(directoryOf(caller, list), fileName(image));
  return (await caller.invocation.files.stat(path)) === undefined ? undefined : readManifest(caller, path);
}

export async function getManifest(caller: Caller, list: Reference, image: Reference): Promise<ImageManifest> {
  const found = await findManifest(caller, list, image);
  if (found === undefined) throw noSuchManifest(image);
  return found;
}

/** All images of a list, in the order of their files' names; nothing when there is no such list. */
export async function findList(caller: Caller, list: Reference): Promise<readonly ImageManifest[] | undefined> {
  const directory = directoryOf(caller, list);
  if ((await caller.invocation.files.stat(directory)) === undefined) return undefined;
  const files = (await caller.invocation.files.walk(directory)).filter(({ type }) => type === "file");
  const names = files.map(({ path }) => path).sort();
  return Promise.all(names.map((name) => readManifest(caller, joinPath(directory, name))));
}

export async function getList(caller: Caller, list: Reference): Promise<readonly ImageManifest[]> {
  const found = await findList(caller, list);
  if (found === undefined) throw noSuchManifest(list);
  return found;
}

export async function saveManifest(
  caller: Caller,
  list: Reference,
  image: Reference,
  manifest: ImageManifest,
): Promise<void> {
  const directory = directoryOf(caller, list);
  await caller.invocation.files.mkdir(directory, { mode: 0o755, parents: true });
  await writeFile(caller.invocation, joinPath(directory, fileName(image)), JSON.stringify(manifest), 0o644);
}

export async function removeList(caller: Caller, list: Reference): Promise<void> {
  await caller.invocation.files.remove(directoryOf(caller, list));
}
