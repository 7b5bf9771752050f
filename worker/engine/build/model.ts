/** A build's request and result, as the API and the CLI speak of them. */
import type { ImageConfig, ImageHistory, ImageId } from "../domains.ts";
import type { RlimitName } from "../ports/guest.ts";
import type { Digest } from "../ports/storage.ts";
import type { Credentials } from "../registry/credentials.ts";
import type { CgroupLimits } from "../runtime/index.ts";
import type { LineRange, LintWarning } from "./dockerfile/index.ts";
import type { Outline, Target } from "./outline.ts";
import type { StatusUpdate } from "./solve/progress.ts";

export interface BuildRequest {
  /** Name of the build's record where the client has made one up; 25 letters and digits. */
  readonly ref?: string;
  /** Text of the Dockerfile; from the context under `dockerfileName` when it is absent. */
  readonly dockerfile?: string;
  readonly dockerfileName: string;
  /** Patterns that the client left out of the context already; for the build checks. */
  readonly ignored?: readonly string[];
  readonly target?: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly tags?: readonly string[];
  readonly noCache?: boolean;
  readonly noCacheFilter?: readonly string[];
  readonly pull?: boolean;
  readonly platform?: string;
  readonly network?: string;
  readonly extraHosts?: readonly string[];
  readonly shmSize?: number;
  readonly ulimits?: readonly { readonly type: RlimitName; readonly soft: number; readonly hard: number }[];
  /** Base64 by id. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Entitlements ("network.host", "security.insecure"); without the list everything is allowed. */
  readonly allow?: readonly string[];
  /** SSH agents by id. */
  readonly ssh?: Readonly<Record<string, SshAgent>>;
  /** Other contexts by name; they stand before stages and images of that name. */
  readonly contexts?: Readonly<Record<string, NamedContext>>;
  /** Folder of the tar that is the build's own context; "" is all of it. */
  readonly contextPrefix?: string;
  /** Other than "build": look only, answer what the Dockerfile offers or what is wrong with it, and build nothing. */
  readonly call?: "build" | "check" | "outline" | "targets";
  /** What becomes of the result: an image (the default), its files, both. An empty list keeps it in the cache alone. */
  readonly outputs?: readonly ("image" | "files")[];
  /** The image is for a file of the client's: the step that makes it is called so. */
  readonly archive?: "docker" | "oci";
  /** Where the context lies instead of in the request: a Git repository, a tar, a Dockerfile alone. */
  readonly remote?: string;
  /** How the client named what it builds; for the record of the build. */
  readonly source?: { readonly context: string; readonly dockerfile: string; readonly name?: string };
  /** Of every RUN step's cgroup. */
  readonly limits?: CgroupLimits;
  readonly cgroupParent?: string;
  readonly cacheFrom?: readonly CacheSource[];
  readonly cacheTo?: readonly CacheTarget[];
  /** By registry, for caches and base images. */
  readonly credentials?: Readonly<Record<string, Credentials>>;
}

/** An agent's socket in the machine, or private keys as their files have them, of which the engine is the agent. */
export type SshAgent = { readonly socket: string } | { readonly keys: readonly string[] };

/** An image, a folder of the request's tar, or what lies at an address. */
export type NamedContext =
  | { readonly image: string }
  /** `ignored`: patterns of its own ignore file, which the client has left out. */
  | { readonly prefix: string; readonly ignored?: readonly string[] }
  | { readonly remote: string };

/** Where steps may be taken from: a folder of the request's tar with an OCI layout, or an image or cache in a registry. */
export type CacheSource =
  | { readonly type: "local"; readonly prefix: string; readonly tag: string }
  | { readonly type: "registry"; readonly ref: string };
/** "min" has the layers of the result, "max" those of all steps. Inline: in the image's own configuration. */
export type CacheTarget =
  | { readonly type: "inline" }
  | { readonly type: "local"; readonly mode: "min" | "max"; readonly tag: string }
  | { readonly type: "registry"; readonly mode: "min" | "max"; readonly ref: string };

/** What a build was made of besides its context (in-toto's materials). */
export interface Material {
  readonly uri: string;
  readonly digest: string;
}

export interface BuildFailure {
  readonly message: string;
  /** Title of the step that failed. */
  readonly step?: string;
  readonly range?: LineRange;
  /** Places that led there, the nearest first. */
  readonly via?: readonly LineRange[];
  readonly file: string;
  readonly text: string;
  /** Those that were done before. */
  readonly steps?: readonly StepReport[];
}
export interface StepReport {
  readonly title: string;
  readonly cached: boolean;
  readonly key: string;
  /** The step in the cache that is most like it; none where it was found, or where nothing is like it. */
  readonly nearest?: { readonly key: string; readonly lastUsed: string };
  /** Why it was not cached; of a cached one, where it came from if not from here. */
  readonly reasons: readonly MissReason[];
}
/** `subject`: a path, an argument's name, an aspect of the step. */
export interface MissReason {
  readonly kind: "parent" | "file" | "argument" | "instruction" | "first" | "refused" | "import";
  readonly subject: string;
  readonly text: string;
}
export interface BuildResult {
  readonly image?: ImageId;
  readonly layers: readonly Digest[];
  readonly config: ImageConfig;
  readonly history: readonly ImageHistory[];
  readonly steps: readonly StepReport[];
  readonly warnings: readonly LintWarning[];
  /** Of a check whose Dockerfile wants warnings to count as errors. */
  readonly violation?: string;
  readonly names: readonly string[];
  readonly materials: readonly Material[];
  /** Of `call: "outline"` and `call: "targets"`. */
  readonly outline?: Outline;
  readonly targets?: readonly Target[];
  /** Under which {@link BuildService.output} finds the files of the output "files". */
  readonly ref: string;
}

export type BuildMessage = StatusUpdate | { readonly result: BuildResult } | { readonly failure: BuildFailure };
