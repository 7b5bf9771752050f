/**
 * One image of a manifest list as the client keeps and shows it (docker/cli, cli/manifest/types): the names and the order of the fields
 * are those of its files below ~/.docker/manifests and of `docker manifest inspect --verbose`.
 */
import { fullName, type Reference } from "../image/reference.ts";
import { CliError } from "../session/errors.ts";

export const mediaTypes = {
  ociIndex: "application/vnd.oci.image.index.v1+json",
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  dockerList: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
} as const;

export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly "os.version"?: string;
  readonly "os.features"?: readonly string[];
  readonly variant?: string;
}
export interface ListDescriptor {
  readonly mediaType: string;
  readonly size: number;
  readonly digest: string;
  readonly platform: Platform;
}
interface Content {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string }[];
}
export interface ImageManifest {
  readonly Ref: string;
  readonly Descriptor: {
    readonly mediaType: string;
    readonly digest: string;
    readonly size: number;
    readonly platform?: Platform;
  };
  /** The manifest's own bytes, base64: their digest is the manifest's name. */
  readonly Raw: string;
  readonly SchemaV2Manifest?: Content;
  readonly OCIManifest?: Content;
}

export const rawBytes = (manifest: ImageManifest): Uint8Array =>
  Uint8Array.from(atob(manifest.Raw), (c) => c.charCodeAt(0));
export const rawText = (manifest: ImageManifest): string => new TextDecoder().decode(rawBytes(manifest));

/** Configuration and layers: what a repository must hold before it takes the manifest. */
export function blobsOf({ SchemaV2Manifest, OCIManifest }: ImageManifest): readonly string[] {
  const content = SchemaV2Manifest ?? OCIManifest;
  return content === undefined ? [] : [content.config.digest, ...content.layers.map(({ digest }) => digest)];
}

export function newImageManifest(
  reference: Reference,
  remote: { readonly digest: string; readonly mediaType: string; readonly bytes: Uint8Array },
  platform: Platform,
): ImageManifest {
  const content = JSON.parse(new TextDecoder().decode(remote.bytes)) as Content;
  let binary = "";
  for (const byte of remote.bytes) binary += String.fromCharCode(byte);
  return {
    Ref: fullName(reference),
    Descriptor: { mediaType: remote.mediaType, digest: remote.digest, size: remote.bytes.length, platform },
    Raw: btoa(binary),
    ...(remote.mediaType === mediaTypes.ociManifest ? { OCIManifest: content } : { SchemaV2Manifest: content }),
  };
}

/** The fields of a platform in Go's order, empty ones left out as `omitempty` does. */
export function platformOf(value: Readonly<Record<string, unknown>>): Platform {
  const text = (name: string): string => (typeof value[name] === "string" ? value[name] : "");
  const features = value["os.features"];
  return {
    architecture: text("architecture"),
    os: text("os"),
    ...(text("os.version") !== "" && { "os.version": text("os.version") }),
    ...(Array.isArray(features) && features.length > 0 && { "os.features": features as readonly string[] }),
    ...(text("variant") !== "" && { variant: text("variant") }),
  };
}

/** The list itself, as it is pushed and shown: canonical JSON, indented by three blanks. */
export function manifestList(
  domain: string,
  manifests: readonly ImageManifest[],
): { readonly mediaType: string; readonly text: string } {
  const descriptors = manifests.map((manifest) => listDescriptor(domain, manifest));
  const mediaType = descriptors[0]?.mediaType === mediaTypes.ociManifest ? mediaTypes.ociIndex : mediaTypes.dockerList;
  return { mediaType, text: JSON.stringify({ schemaVersion: 2, mediaType, manifests: descriptors }, null, 3) };
}

function listDescriptor(domain: string, { Ref, Descriptor }: ImageManifest): ListDescriptor {
  const from = Ref.slice(0, Ref.indexOf("/"));
  if (from !== domain)
    throw new CliError(
      `cannot use source images from a different registry than the target image: ${from} != ${domain}`,
    );
  const { mediaType, size, digest, platform } = Descriptor;
  return { mediaType, size, digest, platform: platform ?? { architecture: "", os: "" } };
}

/** The pairs that a list may name (docker/cli, cli/command/manifest/util.go). */
const combinations: Readonly<Record<string, readonly string[]>> = {
  darwin: ["386", "amd64", "arm", "arm64"],
  dragonfly: ["amd64"],
  freebsd: ["386", "amd64", "arm"],
  linux: ["386", "amd64", "arm", "arm64", "ppc64le", "mips64", "mips64le", "riscv64", "s390x"],
  netbsd: ["386", "amd64", "arm"],
  openbsd: ["386", "amd64", "arm"],
  plan9: ["386", "amd64"],
  solaris: ["amd64"],
  windows: ["386", "amd64"],
};
export const isKnownPlatform = ({ os, architecture }: Platform): boolean =>
  combinations[os]?.includes(architecture) ?? false;
