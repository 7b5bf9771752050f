/** `docker import`: a root file system's tar becomes an image of one layer. */

import { EngineError } from "../errors.ts";
import type { Platform } from "../registry/manifest.ts";
import { RegistryUnreachable } from "../registry/registry-error.ts";
import { applyChanges } from "./config-changes.ts";
import type { ImageContext } from "./context.ts";
import { createImage, madeHere } from "./create.ts";
import { machinePlatform } from "./platform.ts";
import { bar, type Progress } from "./progress.ts";
import { canonicalString, type Reference } from "./reference.ts";

export interface ImportOptions {
  /** "-" for the request's body, or a URL. */
  readonly source: string;
  readonly body: ReadableStream<Uint8Array>;
  readonly reference?: Reference | undefined;
  readonly message?: string | undefined;
  readonly changes: readonly string[];
  readonly platform?: Platform | undefined;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export async function importImage(context: ImageContext, options: ImportOptions): Promise<void> {
  const config = applyChanges({}, options.changes);
  const { os, architecture } = options.platform ?? machinePlatform;
  if (os !== machinePlatform.os) throw new EngineError("invalidParameter", "operating system is not supported");
  const stream = options.source === "-" ? options.body : await download(context, options);
  const { diffId } = await context.layers.addTar(stream);
  const created = context.clock.now().toISOString();
  const comment = options.message || `Imported from ${options.source}`;
  const image = await createImage(
    context,
    { config, architecture, os, created, layers: [diffId], history: [{ created, comment }] },
    {
      comment,
      action: "import",
      tags: options.reference === undefined ? [] : [canonicalString(options.reference)],
      extra: madeHere,
    },
  );
  options.progress({ status: image.id });
}

async function download(context: ImageContext, options: ImportOptions): Promise<ReadableStream<Uint8Array>> {
  const url = /^https?:\/\//.test(options.source) ? options.source : `http://${options.source}`;
  if (!URL.canParse(url))
    throw new EngineError("invalidParameter", `parse ${JSON.stringify(options.source)}: invalid URL`);
  const response = await context.registries.options.fetch(url, { signal: options.signal }).catch((cause) => {
    throw new EngineError("system", new RegistryUnreachable("GET", url, cause).message, { cause });
  });
  if (!response.ok || response.body === null)
    throw new EngineError("system", `Got HTTP status code >= 400: ${response.status} ${response.statusText}`);
  options.progress({ status: `Downloading from ${url}` });
  const total = Number(response.headers.get("content-length") ?? 0);
  let current = 0;
  return response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        current += chunk.length;
        controller.enqueue(chunk);
      },
      flush: () => options.progress(bar("", "Importing", current, total)),
    }),
  );
}
