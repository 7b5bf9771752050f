/** Brings a layer here: as a whole, or lazily when it is eStargz from the catalogue. */
import { EngineError } from "../errors.ts";
import type { Digest } from "../ports/storage.ts";
import type { EndpointKind } from "../registry/endpoints.ts";
import type { Descriptor } from "../registry/manifest.ts";
import { digestOf, type RepositoryClient } from "../registry/repository-client.ts";
import type { ImageContext } from "./context.ts";
import { footerSize, parseFooter, tocDigestAnnotation, unpackToc } from "./layers/estargz.ts";
import type { LayerOrigin } from "./layers/layer-store.ts";
import { bar, line, type Progress, shortId } from "./progress.ts";

/** A smaller layer is there sooner with one request for all of it. */
const lazyFrom = 512 << 10;
/** The blob's end that is asked for first; most tables of contents fit. */
const tailGuess = 256 << 10;
const reportEvery = 100;

export interface LayerDownload {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  readonly client: RepositoryClient;
  readonly kind: EndpointKind;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export async function downloadLayer(context: ImageContext, download: LayerDownload): Promise<void> {
  const { descriptor, diffId, client, progress, signal } = download;
  const id = shortId(descriptor.digest);
  const origin: LayerOrigin = {
    registry: client.base,
    repository: client.repository,
    digest: descriptor.digest,
    size: descriptor.size,
    mediaType: descriptor.mediaType,
  };
  if (await addLazily(context, download, origin)) {
    progress(line(id, "Verifying Checksum"));
    return;
  }
  const compressed = await client.blobStream(descriptor.digest, descriptor.size, signal);
  const counted = compressed.pipeThrough(
    counting(context, descriptor.size, (n) => progress(bar(id, "Downloading", n, descriptor.size))),
  );
  try {
    await context.layers.addTar(counted, { expected: diffId, origin });
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError("system", `filesystem layer verification failed for digest ${descriptor.digest}: ${reason}`, {
      cause,
    });
  }
  progress(line(id, "Verifying Checksum"));
}

/** True when the layer is eStargz and its table of contents is here and verified. */
async function addLazily(context: ImageContext, download: LayerDownload, origin: LayerOrigin): Promise<boolean> {
  const { descriptor, client, kind, progress, signal, diffId } = download;
  const expected = descriptor.annotations?.[tocDigestAnnotation];
  if (kind !== "catalogue" || expected === undefined || descriptor.size < lazyFrom) return false;
  const guess = Math.min(tailGuess, descriptor.size);
  const tail = await client.blobRange(descriptor.digest, descriptor.size - guess, guess, signal);
  // A host without ranges sends everything anyway: the ordinary way then.
  if ("whole" in tail) {
    await tail.whole.cancel();
    return false;
  }
  const tocOffset = parseFooter(tail.range.subarray(guess - footerSize));
  if (tocOffset === undefined || tocOffset >= descriptor.size) return false;
  const tailStart = descriptor.size - guess;
  let member = tail.range.subarray(Math.max(0, tocOffset - tailStart));
  if (tocOffset < tailStart) {
    const rest = await client.blobRange(descriptor.digest, tocOffset, descriptor.size - tocOffset, signal);
    if ("whole" in rest) return false;
    member = rest.range;
  }
  const toc = unpackToc(member);
  if ((await digestOf(toc)) !== expected)
    throw new EngineError("system", `table of contents of layer ${descriptor.digest} does not match its digest`);
  await context.layers.addLazy(diffId, origin, toc, tocOffset);
  progress(bar(shortId(descriptor.digest), "Downloading", descriptor.size, descriptor.size));
  return true;
}

function counting(
  context: ImageContext,
  total: number,
  report: (current: number) => void,
): TransformStream<Uint8Array, Uint8Array> {
  let current = 0;
  let last = Number.NEGATIVE_INFINITY;
  return new TransformStream({
    transform(chunk, controller) {
      current += chunk.length;
      const now = context.clock.monotonic();
      if (now - last >= reportEvery || current >= total) {
        last = now;
        report(current);
      }
      controller.enqueue(chunk);
    },
  });
}
