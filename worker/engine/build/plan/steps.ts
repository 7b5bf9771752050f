/** What an instruction asks of the file system, every variable replaced. Plain data: its JSON is part of the step's cache key. */

import type { InlineFile } from "../dockerfile/index.ts";
import type { RunMount } from "../dockerfile/mount.ts";

export interface WorkdirStep {
  readonly kind: "workdir";
  readonly path: string;
  /** USER of the stage. */
  readonly owner: string;
}
export interface CopyStep {
  readonly kind: "copy";
  readonly add: boolean;
  /** Stage, image or context; "" is the build's own context. */
  readonly from: string;
  readonly sources: readonly string[];
  readonly inline: readonly InlineFile[];
  /** Absolute; a "/" at its end says that it is a directory. */
  readonly destination: string;
  readonly chown: string;
  readonly chmod: string;
  readonly link: boolean;
  readonly parents: boolean;
  readonly exclude: readonly string[];
  readonly checksum: string;
  readonly keepGitDir: boolean;
  readonly unpack: boolean | undefined;
}
export interface RunStep {
  readonly kind: "run";
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: string;
  readonly network: "default" | "none" | "host";
  readonly insecure: boolean;
  readonly mounts: readonly RunMount[];
  /** A heredoc with "#!": a file that is there while it runs. */
  readonly script: { readonly path: string; readonly content: string } | undefined;
}
export type Step = WorkdirStep | CopyStep | RunStep;
