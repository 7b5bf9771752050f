/** What the kernel tells of a container, as plain data. Has the shape of the page's HoodReport (worker/protocol/hood.ts). */

/** Where a fact was read, and the command line that shows the same in a terminal. */
export interface FactSource {
  readonly from: string;
  readonly command: string;
}

export interface ProcessFact {
  readonly pid: number;
  readonly parent: number;
  /** The number in the container's own PID namespace. */
  readonly insidePid: number;
  readonly user: string;
  readonly command: string;
}

export const namespaceNames = ["pid", "net", "mnt", "uts", "ipc", "cgroup", "user", "time"] as const;
export type NamespaceName = (typeof namespaceNames)[number];
export interface NamespaceFact {
  readonly name: NamespaceName;
  readonly inode: number;
  /** "own", the machine's ("host"), or the names of the containers that it is shared with. */
  readonly sharing: "own" | "host" | readonly string[];
  readonly note: string;
}

export interface CgroupFact {
  readonly name: string;
  readonly value: string;
  readonly limit?: string;
}

export interface ChangeFact {
  readonly kind: "added" | "changed" | "removed";
  readonly path: string;
}

export interface InterfaceFact {
  readonly name: string;
  readonly addresses: readonly string[];
  /** The machine's end of the pair, the bridge that it is on and the bridge's address; empty for other kinds of devices. */
  readonly veth: string;
  readonly bridge: string;
  readonly bridgeAddress: string;
  readonly network: string;
  readonly receivedPackets: number;
  readonly sentPackets: number;
}

export interface ContainerFacts {
  readonly container: string;
  readonly pid: number;
  readonly processes: { readonly source: FactSource; readonly tree: readonly ProcessFact[] };
  readonly namespaces: { readonly source: FactSource; readonly list: readonly NamespaceFact[] };
  readonly cgroup: { readonly source: FactSource; readonly path: string; readonly files: readonly CgroupFact[] };
  readonly filesystem: {
    readonly source: FactSource;
    /** Topmost first, as overlayfs lists them. */
    readonly lower: readonly string[];
    readonly upper: string;
    readonly merged: string;
    readonly changes: readonly ChangeFact[];
  };
  readonly network: {
    readonly source: FactSource;
    readonly interfaces: readonly InterfaceFact[];
    /** As `iptables -S -v` prints them, with packets and bytes. */
    readonly rules: readonly string[];
    readonly published: readonly {
      readonly hostPort: number;
      readonly containerPort: number;
      readonly protocol: string;
    }[];
  };
  readonly security: {
    readonly source: FactSource;
    readonly capabilities: readonly string[];
    readonly dropped: readonly string[];
    readonly seccomp: "disabled" | "strict" | "filter";
    readonly noNewPrivileges: boolean;
  };
}
