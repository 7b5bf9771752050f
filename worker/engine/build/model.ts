/** A build's request and result, as the API and the CLI speak of them. */
import type { ImageConfig, ImageHistory, ImageId } from "../domains.ts";
import type { RlimitName } from "../ports/guest.ts";
import type { Digest } from "../ports/storage.ts";
import type { LineRange, LintWarning } from "./dockerfile/index.ts";
import type { StatusUpdate } from "./solve/progress.ts";

export interface BuildRequest {
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
  /** Other contexts by name: an image, or a folder of the tar. */
  readonly contexts?: Readonly<Record<string, { readonly image: string } | { readonly prefix: string }>>;
  /** Folder of the tar that is the build's own context; "" is all of it. */
  readonly contextPrefix?: string;
  /** Look only: report the build checks and build nothing. */
  readonly check?: boolean;
  /** What becomes of the result. "none" keeps it in the cache alone. */
  readonly output?: "image" | "files" | "none";
  /** Say for each step that ran why it was not cached. */
  readonly explain?: boolean;
}

export interface BuildFailure {
  readonly message: string;
  /** Title of the step that failed. */
  readonly step?: string;
  readonly range?: LineRange;
  readonly file: string;
  readonly text: string;
}
export interface StepReport {
  readonly title: string;
  readonly cached: boolean;
  readonly key: string;
  /** Why it was not cached. */
  readonly reasons: readonly string[];
}
export interface BuildResult {
  readonly image?: ImageId;
  readonly layers: readonly Digest[];
  readonly config: ImageConfig;
  readonly history: readonly ImageHistory[];
  readonly steps: readonly StepReport[];
  readonly warnings: readonly LintWarning[];
  readonly names: readonly string[];
  /** Under which {@link BuildService.output} finds the files of an `output: "files"`. */
  readonly ref: string;
}

export type BuildMessage = StatusUpdate | { readonly result: BuildResult } | { readonly failure: BuildFailure };
