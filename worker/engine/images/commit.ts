/** `docker commit` (moby, daemon/commit.go): a container's changes and configuration as an image. */
import type { ImageConfig, ImageId } from "../domains.ts";
import type { Digest } from "../ports/storage.ts";
import { upperTar } from "./commit-layer.ts";
import { applyChanges } from "./config-changes.ts";
import type { ImageContext } from "./context.ts";
import { createImage, madeHere, putTag } from "./create.ts";
import { configFields } from "./image-json.ts";
import { machinePlatform } from "./platform.ts";
import { familiarString, type Reference } from "./reference.ts";

/** What a commit takes of a container. */
export interface CommitContainer {
  readonly id: string;
  readonly image: ImageId | undefined;
  readonly config: ImageConfig;
  /** The overlay's upper directory in the guest. */
  readonly upper: string;
  /** Of the container's events: its labels, image and name. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Runs the work with the container's processes frozen, when it is running and not paused already. */
  whilePaused<T>(work: () => Promise<T>): Promise<T>;
}
/** Offered by the containers' domain. */
export interface ContainersToCommit {
  /** Throws notFound "No such container: …". */
  toCommit(reference: string): CommitContainer;
}

export interface CommitOptions {
  readonly reference?: Reference | undefined;
  readonly author?: string | undefined;
  readonly comment?: string | undefined;
  readonly pause: boolean;
  /** Of the request's body; the container's own where there is none. */
  readonly config?: ImageConfig | undefined;
  readonly changes: readonly string[];
}

export async function commitUpper(
  context: ImageContext,
  upper: string,
): Promise<{ readonly diffId: Digest; readonly size: number }> {
  const { diffId, size } = await context.layers.addTar(await upperTar(context.guest, upper));
  return { diffId, size };
}

/** A tar without members (moby's layer.DigestSHA256EmptyTar): no layer comes of it. */
const emptyTar = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

export async function commitContainer(
  context: ImageContext,
  container: CommitContainer,
  options: CommitOptions,
): Promise<ImageId> {
  const asked = applyChanges(options.config ?? container.config, options.changes);
  const config = imageFields(mergeConfig(asked, container.config));
  const work = (): Promise<{ readonly diffId: Digest }> => commitUpper(context, container.upper);
  const { diffId } = options.pause ? await container.whilePaused(work) : await work();
  const changed = diffId !== emptyTar;
  const parent = container.image === undefined ? undefined : context.store.get(container.image);
  const created = context.clock.now().toISOString();
  const step = {
    created,
    ...(options.author ? { author: options.author } : {}),
    created_by: (container.config.Cmd ?? []).join(" "),
    ...(options.comment ? { comment: options.comment } : {}),
  };
  const { id } = await createImage(
    context,
    {
      config,
      architecture: parent?.architecture ?? machinePlatform.architecture,
      os: parent?.os ?? machinePlatform.os,
      created,
      layers: [...(parent?.layers ?? []), ...(changed ? [diffId] : [])],
      history: [...(parent?.history ?? []), changed ? step : { ...step, empty_layer: true }],
    },
    {
      ...(options.author ? { author: options.author } : {}),
      ...(options.comment ? { comment: options.comment } : {}),
      ...(parent === undefined ? {} : { parent: parent.id }),
      extra: madeHere,
    },
  );
  const image = context.store.get(id);
  if (options.reference !== undefined && image !== undefined) await putTag(context, options.reference, image);
  context.events.publish("container", "commit", container.id, {
    ...container.attributes,
    comment: options.comment ?? "",
    imageID: id,
    imageRef: options.reference === undefined ? "" : familiarString(options.reference),
  });
  return id;
}

/** daemon's merge: what the user left out is taken from the container. */
function mergeConfig(user: ImageConfig, base: ImageConfig): ImageConfig {
  const env = new Map<string, string>();
  for (const entry of [...(base.Env ?? []), ...(user.Env ?? [])]) env.set(entry.split("=", 1)[0] ?? "", entry);
  const hasEntrypoint = (user.Entrypoint ?? []).length > 0;
  const command = hasEntrypoint || (user.Cmd ?? []).length > 0 ? user.Cmd : base.Cmd;
  const entrypoint = hasEntrypoint || user.Entrypoint != null ? user.Entrypoint : base.Entrypoint;
  const { Cmd: _command, Entrypoint: _entrypoint, ...others } = { ...base, ...user };
  return {
    ...others,
    ...pick("User", user.User || base.User),
    ...pick("WorkingDir", user.WorkingDir || base.WorkingDir),
    ...pick("StopSignal", user.StopSignal || base.StopSignal),
    ...pick("Healthcheck", user.Healthcheck ?? base.Healthcheck),
    ...pick("Env", env.size === 0 ? undefined : [...env.values()]),
    ...pick("Labels", merged(base.Labels, user.Labels)),
    ...pick("ExposedPorts", merged(base.ExposedPorts, user.ExposedPorts)),
    ...pick("Volumes", merged(base.Volumes, user.Volumes)),
    ...pick("Cmd", command ?? undefined),
    ...pick("Entrypoint", entrypoint ?? undefined),
  };
}

const pick = <K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } =>
  (value === undefined || value === "" ? {} : { [key]: value }) as { readonly [P in K]?: V };

function merged<V>(
  base: Readonly<Record<string, V>> | undefined | null,
  user: Readonly<Record<string, V>> | undefined | null,
): Readonly<Record<string, V>> | undefined {
  const all = { ...base, ...user };
  return Object.keys(all).length === 0 ? undefined : all;
}

function imageFields(config: ImageConfig): ImageConfig {
  return Object.fromEntries(
    configFields.flatMap((key) => (config[key] === undefined || config[key] === null ? [] : [[key, config[key]]])),
  );
}
