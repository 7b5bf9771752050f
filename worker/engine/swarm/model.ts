/** What a swarm keeps, with the fields of the Engine API (schemas Swarm, Node, Secret, Config). */

/** Objects carry a version; an update names the one that it changes, and is refused when that is no longer the newest. */
export interface Versioned {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  /** RFC 3339 with nanoseconds. */
  readonly CreatedAt: string;
  readonly UpdatedAt: string;
}

export interface ClusterSpec {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Orchestration: Readonly<Record<string, unknown>>;
  readonly Raft: Readonly<Record<string, unknown>>;
  readonly Dispatcher: Readonly<Record<string, unknown>>;
  readonly CAConfig: Readonly<Record<string, unknown>>;
  readonly TaskDefaults: Readonly<Record<string, unknown>>;
  readonly EncryptionConfig: { readonly AutoLockManagers: boolean };
}

export interface NodeSpec {
  readonly Name?: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Role: "manager" | "worker";
  readonly Availability: "active" | "pause" | "drain";
}

/** The cluster and its only node. */
export interface Cluster extends Versioned {
  readonly schema: 1;
  readonly spec: ClusterSpec;
  readonly addressPools: readonly string[];
  readonly subnetSize: number;
  readonly dataPathPort: number;
  readonly tokens: { readonly Worker: string; readonly Manager: string };
  /** Empty without autolock. */
  readonly unlockKey: string;
  readonly node: Versioned & { readonly spec: NodeSpec; readonly address: string; readonly port: number };
  /** The last version that was given to any object. */
  readonly lastIndex: number;
}

export interface DataSpec {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>>;
  /** Base64. */
  readonly Data: string;
}
export interface DataObject extends Versioned {
  readonly Spec: DataSpec;
}

/** swarmkit's defaults (manager/state/store, api/defaults). */
export const defaultSpec: ClusterSpec = {
  Name: "default",
  Labels: {},
  Orchestration: { TaskHistoryRetentionLimit: 5 },
  Raft: {
    SnapshotInterval: 10_000,
    KeepOldSnapshots: 0,
    LogEntriesForSlowFollowers: 500,
    ElectionTick: 10,
    HeartbeatTick: 1,
  },
  Dispatcher: { HeartbeatPeriod: 5_000_000_000 },
  CAConfig: { NodeCertExpiry: 7_776_000_000_000_000 },
  TaskDefaults: {},
  EncryptionConfig: { AutoLockManagers: false },
};
