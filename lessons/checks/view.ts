/**
 * What a check can see: read-only facts of the engine, its events, the machine's files, processes and answers. Shapes are the Engine
 * API's own, as far as checks read them. The Worker implements it on the API and the guest; tests hold plain data.
 */
import type { Place } from "../format/index.ts";

export interface ContainerFacts {
  readonly Id: string;
  /** With its leading slash. */
  readonly Name: string;
  readonly Image: string;
  readonly RestartCount: number;
  readonly State: {
    readonly Status: string;
    readonly StartedAt?: string;
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
    readonly Pid: number;
    readonly Health?: { readonly Status: string } | null;
  };
  readonly Config: {
    readonly Image: string;
    readonly Hostname: string;
    readonly User: string;
    readonly WorkingDir: string;
    readonly Tty: boolean;
    readonly Env?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
    readonly Entrypoint?: readonly string[] | null;
    readonly Labels?: Readonly<Record<string, string>> | null;
  };
  readonly HostConfig: {
    readonly NetworkMode: string;
    readonly RestartPolicy: { readonly Name: string };
    readonly Memory: number;
    readonly PidsLimit?: number | null;
    readonly Init?: boolean | null;
    readonly ReadonlyRootfs: boolean;
    readonly Privileged: boolean;
    readonly CapDrop?: readonly string[] | null;
    readonly Tmpfs?: Readonly<Record<string, string>> | null;
  };
  readonly Mounts: readonly {
    readonly Type: string;
    readonly Name?: string;
    readonly Source: string;
    readonly Destination: string;
    readonly RW: boolean;
  }[];
  readonly NetworkSettings: {
    readonly Ports?: Readonly<
      Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>
    > | null;
    readonly Networks: Readonly<
      Record<string, { readonly Aliases?: readonly string[] | null; readonly IPAddress?: string }>
    >;
  };
}
export interface ImageFacts {
  readonly Id: string;
  readonly RepoTags: readonly string[];
  readonly RepoDigests: readonly string[];
  readonly RootFS: { readonly Layers?: readonly string[] };
  readonly Size?: number;
  readonly Config: {
    readonly User?: string;
    readonly WorkingDir?: string;
    readonly ExposedPorts?: Readonly<Record<string, unknown>> | null;
    readonly Env?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
    readonly Entrypoint?: readonly string[] | null;
    readonly Labels?: Readonly<Record<string, string>> | null;
  };
}
export interface VolumeFacts {
  readonly Name: string;
  readonly Mountpoint: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
}
export interface NetworkFacts {
  readonly Id: string;
  readonly Name: string;
  readonly Driver: string;
  readonly Internal: boolean;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly IPAM: { readonly Config?: readonly { readonly Subnet?: string }[] | null };
}
export interface EventFacts {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}
export interface FileFacts {
  readonly type: "file" | "directory" | "symlink" | "other";
  readonly mode: number;
  readonly uid: number;
  readonly size: number;
  /** Of a regular file: its first 64 KB. */
  readonly text: string;
}
export interface ProcessFacts {
  readonly user: string;
  readonly command: string;
}
export type HttpAnswer =
  | { readonly kind: "answer"; readonly status: number; readonly body: string }
  /** Nobody listens, or nobody answered in time. */
  | { readonly kind: "refused" }
  | { readonly kind: "silent" };

export interface LessonView {
  /** Milliseconds since 1970, by the clock that the engine's own times are of. */
  readonly now: number;
  containers(): Promise<readonly ContainerFacts[]>;
  images(): Promise<readonly ImageFacts[]>;
  /** What made the image, newest step first (`docker history`). */
  history(image: string): Promise<readonly string[]>;
  volumes(): Promise<readonly VolumeFacts[]>;
  networks(): Promise<readonly NetworkFacts[]>;
  /** Since the step began, oldest first. */
  readonly events: readonly EventFacts[];
  file(place: Place, path: string): Promise<FileFacts | undefined>;
  /** Of a running container, or of the whole machine. */
  processes(container?: string): Promise<readonly ProcessFacts[]>;
  logs(container: string): Promise<string>;
  http(request: {
    readonly from?: string | undefined;
    readonly host: string;
    readonly port: number;
    readonly path: string;
  }): Promise<HttpAnswer>;
}
