/** Images as the Engine API shows them (schemas ImageSummary, ImageInspect, HistoryResponseItem), as engine 28.5 with overlay2 does. */

import { inKeyOrder } from "../../go/json.ts";
import type { ImageConfig } from "../domains.ts";
import { EngineError } from "../errors.ts";
import { type Platform, platformText } from "../registry/manifest.ts";
import { chainIds } from "./chain-id.ts";
import type { ImageContext } from "./context.ts";
import type { StoredImage } from "./image-store.ts";
import { familiarString } from "./reference.ts";

const zeroTime = "0001-01-01T00:00:00Z";
const dataRoot = "/var/lib/docker/overlay2";

export interface ImageSummary {
  readonly Containers: number;
  readonly Created: number;
  readonly Id: string;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly ParentId: string;
  readonly RepoDigests: readonly string[];
  readonly RepoTags: readonly string[];
  readonly SharedSize: number;
  readonly Size: number;
}

export interface HistoryItem {
  readonly Comment: string;
  readonly Created: number;
  readonly CreatedBy: string;
  readonly Id: string;
  readonly Size: number;
  readonly Tags: readonly string[] | null;
}

/** Sum of the sizes of its layers. */
export function imageSize(context: ImageContext, image: StoredImage): number {
  return image.layers.reduce((sum, diffId) => sum + (context.layers.info(diffId)?.size ?? 0), 0);
}

export function tagsOf(context: ImageContext, image: StoredImage): readonly string[] {
  return context.store
    .referencesOf(image.id)
    .filter((reference) => reference.digest === undefined)
    .map(familiarString);
}
export function digestsOf(context: ImageContext, image: StoredImage): readonly string[] {
  return context.store
    .referencesOf(image.id)
    .filter((reference) => reference.digest !== undefined)
    .map(familiarString);
}

export const createdSeconds = (created: string | undefined): number =>
  created === undefined ? 0 : Math.floor(Date.parse(created) / 1000) || 0;

export function imageSummary(
  context: ImageContext,
  image: StoredImage,
  shown: { readonly tags: readonly string[]; readonly digests: readonly string[] },
): ImageSummary {
  return {
    Containers: -1,
    Created: createdSeconds(image.created),
    Id: image.id,
    Labels: image.config.Labels ?? null,
    ParentId: image.parent ?? "",
    RepoDigests: shown.digests,
    RepoTags: shown.tags,
    SharedSize: -1,
    Size: imageSize(context, image),
  };
}

export function isForPlatform(image: StoredImage, wanted: Platform | undefined): boolean {
  if (wanted === undefined) return true;
  return (
    (wanted.os === "" || wanted.os === image.os) &&
    wanted.architecture === image.architecture &&
    (wanted.variant === undefined || image.variant === undefined || wanted.variant === image.variant)
  );
}

/** Throws as moby does when the image is there for another platform. */
export function checkPlatform(image: StoredImage, wanted: Platform | undefined, reference: string): void {
  if (wanted !== undefined && !isForPlatform(image, wanted))
    throw new EngineError("notFound", platformMismatch(image, wanted, reference), { resource: reference });
}

export function platformMismatch(image: StoredImage, wanted: Platform, reference: string): string {
  const has = platformText({
    ...image,
    ...(image.variant === undefined ? {} : { variant: image.variant }),
  } as Platform);
  return `image with reference ${reference} was found but its platform (${has}) does not match the specified platform (${platformText(wanted)})`;
}

export async function inspectImage(
  context: ImageContext,
  image: StoredImage,
): Promise<Readonly<Record<string, unknown>>> {
  const lastComment = image.history.at(-1)?.comment;
  return {
    Id: image.id,
    RepoTags: tagsOf(context, image),
    RepoDigests: digestsOf(context, image),
    Parent: image.parent ?? "",
    Comment: image.comment ?? lastComment ?? "",
    ...(image.created === undefined ? {} : { Created: image.created }),
    DockerVersion: image.dockerVersion ?? "",
    Author: image.author ?? "",
    Architecture: image.architecture,
    ...(image.variant === undefined ? {} : { Variant: image.variant }),
    Os: image.os,
    ...(image.osVersion === undefined ? {} : { OsVersion: image.osVersion }),
    Size: imageSize(context, image),
    GraphDriver: { Data: await graphData(image), Name: "overlay2" },
    RootFS: { Type: "layers", ...(image.layers.length === 0 ? {} : { Layers: image.layers }) },
    Metadata: { LastTagTime: image.lastTagged ?? zeroTime },
    Config: inspectConfig(image.config),
  };
}

/** The fields that API 1.50 and later show; the rest only where they are set. */
function inspectConfig(config: ImageConfig): Readonly<Record<string, unknown>> {
  return {
    ...(config.ArgsEscaped ? { ArgsEscaped: true } : {}),
    Cmd: config.Cmd ?? null,
    Entrypoint: config.Entrypoint ?? null,
    Env: config.Env ?? null,
    ...(config.ExposedPorts === undefined || config.ExposedPorts === null ? {} : { ExposedPorts: config.ExposedPorts }),
    ...(config.Healthcheck === undefined || config.Healthcheck === null ? {} : { Healthcheck: config.Healthcheck }),
    Labels: config.Labels ? inKeyOrder(config.Labels) : null,
    OnBuild: config.OnBuild ?? null,
    ...(config.Shell === undefined || config.Shell === null ? {} : { Shell: config.Shell }),
    ...(config.StopSignal === undefined || config.StopSignal === "" ? {} : { StopSignal: config.StopSignal }),
    User: config.User ?? "",
    Volumes: config.Volumes ?? null,
    WorkingDir: config.WorkingDir ?? "",
  };
}

async function graphData(image: StoredImage): Promise<Readonly<Record<string, string>> | null> {
  const folders = (await chainIds(image.layers)).map((id) => `${dataRoot}/${id.slice("sha256:".length)}`);
  const top = folders.pop();
  if (top === undefined) return null;
  const lower = folders.reverse().map((folder) => `${folder}/diff`);
  return {
    ...(lower.length === 0 ? {} : { LowerDir: lower.join(":") }),
    MergedDir: `${top}/merged`,
    UpperDir: `${top}/diff`,
    WorkDir: `${top}/work`,
  };
}

/** Newest first. Ids are known along the chain of parents that this engine made itself; older steps are "<missing>". */
export function imageHistory(context: ImageContext, image: StoredImage): readonly HistoryItem[] {
  const items: HistoryItem[] = [];
  let layer = 0;
  for (const step of image.history) {
    const diffId = step.empty_layer === true ? undefined : image.layers[layer++];
    items.unshift({
      Comment: step.comment ?? "",
      Created: createdSeconds(step.created),
      CreatedBy: step.created_by ?? "",
      Id: "<missing>",
      Size: diffId === undefined ? 0 : (context.layers.info(diffId)?.size ?? 0),
      Tags: null,
    });
  }
  let ancestor: StoredImage | undefined = image;
  return items.map((item) => {
    if (ancestor === undefined) return item;
    const tags = tagsOf(context, ancestor);
    const known = { ...item, Id: ancestor.id, Tags: tags.length === 0 ? null : tags };
    ancestor = ancestor.parent === undefined ? undefined : context.store.get(ancestor.parent);
    return known;
  });
}
