/** `--metadata-file`: what a build was and what came of it. */
import { provenance } from "./history/provenance.ts";
import type { BuildOptions } from "./options.ts";
import type { Result } from "./status.ts";

export function metadataOf(result: Result, options: BuildOptions): Readonly<Record<string, unknown>> {
  const { image, names, ref, materials } = result;
  // The file has the whole only of what is not about the moment.
  const { metadata: _moment, ...lasting } = provenance({
    materials,
    dockerfile: options.file || "Dockerfile",
    context: options.context,
    buildArgs: {},
    labels: {},
    noCache: options.noCache,
    created: "",
    ref,
    ...(options.target === "" ? {} : { target: options.target }),
  });
  return {
    "buildx.build.provenance": lasting,
    "buildx.build.ref": `default/default/${ref}`,
    ...(image === undefined ? {} : { "containerimage.config.digest": image, "containerimage.digest": image }),
    ...(names.length === 0 ? {} : { "image.name": names.join(",") }),
  };
}
