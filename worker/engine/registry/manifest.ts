/** Manifests of the OCI image specification and Docker's schema 2, told apart by content where a host names no media type. */
import { EngineError } from "../errors.ts";
import type { Digest } from "../ports/storage.ts";

export const mediaTypes = {
  ociIndex: "application/vnd.oci.image.index.v1+json",
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociConfig: "application/vnd.oci.image.config.v1+json",
  ociLayer: "application/vnd.oci.image.layer.v1.tar",
  ociLayerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  dockerList: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
} as const;

export const acceptedManifests = [
  mediaTypes.dockerManifest,
  mediaTypes.dockerList,
  mediaTypes.ociIndex,
  mediaTypes.ociManifest,
].join(", ");

export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly "os.version"?: string;
}
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: Platform;
  readonly urls?: readonly string[];
}
export interface ImageManifest {
  readonly kind: "manifest";
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}
export interface ImageIndex {
  readonly kind: "index";
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
}

/** Manifests larger than this are refused, as containerd and moby refuse them. */
export const maxManifestSize = 4 << 20;

export function parseManifest(bytes: Uint8Array, contentType?: string): ImageManifest | ImageIndex {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new EngineError("system", "error parsing HTTP 200 response body: the manifest is no JSON", { cause });
  }
  if (typeof value !== "object" || value === null) throw malformed("no object");
  const { schemaVersion, mediaType, manifests, config, layers } = value as Record<string, unknown>;
  if (schemaVersion === 1)
    throw new EngineError(
      "invalidParameter",
      "[DEPRECATION NOTICE] Docker Image Format v1 and Docker Image manifest version 2, schema 1 support is disabled by default and will be removed in an upcoming release.",
    );
  const named = typeof mediaType === "string" ? mediaType : contentType?.split(";")[0]?.trim();
  if (Array.isArray(manifests))
    return {
      kind: "index",
      mediaType: named === mediaTypes.dockerList ? named : mediaTypes.ociIndex,
      manifests: manifests.map(descriptor),
    };
  if (Array.isArray(layers) && typeof config === "object" && config !== null)
    return {
      kind: "manifest",
      mediaType: named === mediaTypes.dockerManifest ? named : mediaTypes.ociManifest,
      config: descriptor(config),
      layers: layers.map(descriptor),
    };
  throw malformed("neither an index nor an image");
}

function descriptor(value: unknown): Descriptor {
  const { mediaType, digest, size, annotations, platform, urls } = (value ?? {}) as Record<string, unknown>;
  if (typeof digest !== "string" || !/^sha256:[0-9a-f]{64}$/.test(digest))
    throw malformed("a descriptor without a digest");
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    throw malformed("a descriptor without a size");
  return {
    mediaType: typeof mediaType === "string" ? mediaType : "",
    digest: digest as Digest,
    size,
    ...(isTextMap(annotations) ? { annotations } : {}),
    ...(isPlatform(platform) ? { platform } : {}),
    ...(Array.isArray(urls) ? { urls: urls.filter((url) => typeof url === "string") } : {}),
  };
}

const isTextMap = (value: unknown): value is Readonly<Record<string, string>> =>
  typeof value === "object" && value !== null && Object.values(value).every((entry) => typeof entry === "string");

const isPlatform = (value: unknown): value is Platform =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as Platform).architecture === "string" &&
  typeof (value as Platform).os === "string";

export function platformText(platform: Platform): string {
  return [platform.os, platform.architecture, ...(platform.variant ? [platform.variant] : [])].join("/");
}

const malformed = (what: string): EngineError => new EngineError("system", `invalid manifest: ${what}`);
