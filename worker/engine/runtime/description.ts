/**
 * What a container's process needs of the kernel, after every default has been applied: the vocabulary of the OCI runtime
 * specification's config.json, cut down to what Docker sets.
 */
import type { RlimitName } from "../ports/guest.ts";
import type { DeviceRule } from "./device-program.ts";

export interface ContainerDescription {
  readonly id: string;
  readonly root: OverlayRoot;
  readonly readOnly: boolean;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: string;
  readonly groups: readonly string[];
  readonly terminal: { readonly rows: number; readonly columns: number } | undefined;
  readonly stdin: boolean;
  readonly hostname: string;
  readonly domainname: string;
  readonly privileged: boolean;
  /** The container may make cgroups below its own. */
  readonly writableCgroups: boolean;
  readonly capabilities: bigint;
  readonly noNewPrivileges: boolean;
  /** Compiled filter; absent: unconfined. */
  readonly seccomp: Uint8Array | undefined;
  readonly namespaces: NamespaceModes;
  /** Bind mounts of what the engine or the user names, and tmpfs, in the order of their targets. */
  readonly mounts: readonly MountDescription[];
  readonly shmSize: number;
  readonly devices: readonly DeviceNode[];
  /** Absent: the default program on the parent cgroup holds. */
  readonly deviceRules: readonly DeviceRule[] | undefined;
  readonly rlimits: readonly { readonly type: RlimitName; readonly soft: number; readonly hard: number }[];
  readonly sysctls: Readonly<Record<string, string>>;
  readonly oomScoreAdj: number;
  readonly cgroupParent: string;
  readonly limits: CgroupLimits;
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
}

export interface OverlayRoot {
  /** Mount points of the layers, topmost first. */
  readonly lowers: readonly string[];
  readonly upper: string;
  readonly work: string;
  /** Content is thrown away at exit: the kernel need not write it out (overlayfs `volatile`). */
  readonly volatile: boolean;
}

/** `private`: of its own. A pid: of that process. `host`: the machine's. */
export type NamespaceMode = "private" | "host" | { readonly pid: number };
export interface NamespaceModes {
  readonly pid: NamespaceMode;
  readonly ipc: NamespaceMode;
  readonly uts: NamespaceMode;
  readonly cgroup: NamespaceMode;
  /** The path of a bound network namespace, or a mode. */
  readonly network: NamespaceMode | { readonly path: string };
}

export type MountDescription =
  | {
      readonly kind: "bind";
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      readonly recursive: boolean;
      readonly propagation: "private" | "slave" | "shared" | undefined;
      /** A file is mounted on a file, a directory on a directory. */
      readonly directory: boolean;
    }
  | {
      readonly kind: "tmpfs";
      readonly target: string;
      /** mount(8) options such as "size=64m,noexec"; Docker's defaults are nosuid, nodev, noexec. */
      readonly options: string;
    };

export interface DeviceNode {
  readonly path: string;
  readonly type: "char" | "block";
  readonly major: number;
  readonly minor: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Docker's resource options; absent or zero is unlimited. */
export interface CgroupLimits {
  readonly memory?: number;
  /** Memory and swap together; -1 unlimited swap. */
  readonly memorySwap?: number;
  readonly memoryReservation?: number;
  readonly cpuShares?: number;
  readonly cpuQuota?: number;
  readonly cpuPeriod?: number;
  readonly nanoCpus?: number;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly pidsLimit?: number;
  readonly io?: readonly IoLimit[];
}
export interface IoLimit {
  readonly device: string;
  readonly key: "rbps" | "wbps" | "riops" | "wiops";
  readonly value: number;
}
