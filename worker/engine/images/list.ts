/** `docker images` and its filters (moby, daemon/images/images.go). */
import { type ImageContext, resolveImage } from "./context.ts";
import { booleanFilter, checkFilters, type Filters, matchesLabels, matchesReference, untilFilters } from "./filters.ts";
import type { StoredImage } from "./image-store.ts";
import { familiarString } from "./reference.ts";
import { createdSeconds, type ImageSummary, imageSummary } from "./views.ts";

const accepted = ["dangling", "label", "before", "since", "reference", "until"];

export interface ListOptions {
  /** Intermediate images too. */
  readonly all: boolean;
  readonly filters: Filters;
  readonly sharedSize: boolean;
  readonly containerCount: boolean;
}

export function listImages(context: ImageContext, options: ListOptions): readonly ImageSummary[] {
  const { filters } = options;
  checkFilters(filters, accepted);
  const danglingOnly = booleanFilter(filters, "dangling", false);
  const inTime = timeFilter(context, filters);
  const selected = context.store
    .list()
    .filter((image) => inTime(image) && matchesLabels(filters.label, image.config.Labels))
    .flatMap((image) => {
      const summary = summarize(context, image, options, danglingOnly);
      return summary === undefined ? [] : [{ image, summary }];
    });
  const shared = options.sharedSize ? sharedSizes(context) : undefined;
  return selected
    .map(({ image, summary }) => ({
      ...summary,
      ...(shared === undefined ? {} : { SharedSize: shared(image) }),
      ...(options.containerCount ? { Containers: context.users.containersUsing(image.id).length } : {}),
    }))
    .sort((a, b) => b.Created - a.Created);
}

function summarize(
  context: ImageContext,
  image: StoredImage,
  { all, filters }: ListOptions,
  danglingOnly: boolean,
): ImageSummary | undefined {
  const isChildless = context.store.children(image.id).length === 0;
  if (danglingOnly && !isChildless) return undefined;
  const patterns = filters.reference ?? [];
  const references = context.store
    .referencesOf(image.id)
    .filter((reference) => patterns.length === 0 || patterns.some((pattern) => matchesReference(pattern, reference)));
  const tags = references.filter(({ digest }) => digest === undefined).map(familiarString);
  const digests = references.filter(({ digest }) => digest !== undefined).map(familiarString);
  if (references.length === 0) {
    if (!all && !isChildless) return undefined;
    if (filters.dangling !== undefined && !danglingOnly) return undefined;
    if (patterns.length > 0) return undefined;
  } else if (danglingOnly && tags.length > 0) return undefined;
  return imageSummary(context, image, { tags, digests });
}

function timeFilter(context: ImageContext, filters: Filters): (image: StoredImage) => boolean {
  const limits = (names: readonly string[] | undefined): readonly number[] =>
    (names ?? []).map((name) => createdMs(resolveImage(context, name)));
  const before = limits(filters.before);
  const since = limits(filters.since);
  const until = untilFilters(filters, context.clock);
  return (image) => {
    const created = createdMs(image);
    return (
      before.every((limit) => created < limit) &&
      since.every((limit) => created > limit) &&
      until.every((limit) => created < limit)
    );
  };
}

const createdMs = (image: StoredImage): number =>
  image.created === undefined ? 0 : Date.parse(image.created) || createdSeconds(image.created) * 1000;

/** Of an image: the size of those of its layers that others have too. */
function sharedSizes(context: ImageContext): (image: StoredImage) => number {
  const users = new Map<string, number>();
  for (const image of context.store.list())
    for (const diffId of new Set(image.layers)) users.set(diffId, (users.get(diffId) ?? 0) + 1);
  return (image) =>
    image.layers
      .filter((diffId) => (users.get(diffId) ?? 0) > 1)
      .reduce((sum, diffId) => sum + (context.layers.info(diffId)?.size ?? 0), 0);
}
