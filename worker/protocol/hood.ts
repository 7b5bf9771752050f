/**
 * What "under the hood" shows of a container: facts that the kernel tells, each with the guest file or netlink message it
 * was read from and the command that shows the same in a terminal.
 */
export interface HoodSource {
  /** Guest files or netlink messages, as a person would name them: "/proc/412/ns/*". */
  readonly from: string;
  /** A command line for a terminal, such as "sudo ls -l /proc/412/ns". */
  readonly command: string;
}

export interface HoodProcess {
  readonly pid: number;
  readonly parent: number;
  /** The number inside the container's PID namespace. */
  readonly insidePid: number;
  readonly user: string;
  readonly command: string;
}

export interface HoodNamespace {
  readonly name: "pid" | "net" | "mnt" | "uts" | "ipc" | "cgroup" | "user" | "time";
  readonly inode: number;
  /** "own", "host", or the names of the containers that it is shared with. */
  readonly sharing: "own" | "host" | readonly string[];
  readonly note: string;
}

export interface HoodCgroupFile {
  readonly name: string;
  readonly value: string;
  readonly limit?: string;
}

export interface HoodChange {
  readonly kind: "added" | "changed" | "removed";
  readonly path: string;
}

export interface HoodInterface {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly veth: string;
  readonly bridge: string;
  readonly bridgeAddress: string;
  readonly network: string;
  readonly receivedPackets: number;
  readonly sentPackets: number;
}

export interface HoodReport {
  readonly container: string;
  readonly pid: number;
  readonly processes: { readonly source: HoodSource; readonly tree: readonly HoodProcess[] };
  readonly namespaces: { readonly source: HoodSource; readonly list: readonly HoodNamespace[] };
  readonly cgroup: { readonly source: HoodSource; readonly path: string; readonly files: readonly HoodCgroupFile[] };
  readonly filesystem: {
    readonly source: HoodSource;
    readonly lower: readonly string[];
    readonly upper: string;
    readonly merged: string;
    readonly changes: readonly HoodChange[];
  };
  readonly network: {
    readonly source: HoodSource;
    readonly interfaces: readonly HoodInterface[];
    readonly rules: readonly string[];
    readonly published: readonly {
      readonly hostPort: number;
      readonly containerPort: number;
      readonly protocol: string;
    }[];
  };
  readonly security: {
    readonly source: HoodSource;
    readonly capabilities: readonly string[];
    readonly dropped: readonly string[];
    readonly seccomp: "disabled" | "strict" | "filter";
    readonly noNewPrivileges: boolean;
  };
}
