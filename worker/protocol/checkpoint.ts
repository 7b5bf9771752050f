/**
 * Checkpoints: instants of the whole machine (memory, processes, disk, workspace, engine) that it can be put back to.
 *
 * Rewinding puts everything back to the instant; other checkpoints, later ones too, stay and can be returned to. The page sees it thus:
 * terminals that were open at the instant go on with the shell of then, others of the machine get a new shell, both after one line that
 * says so; terminals of a command or in a container end. Streams (logs, attached clients, ports) end with an error; the feed of events
 * leaves a number out, so that the page lists again; the files' watch tells of every file that differs.
 */

export interface CheckpointInfo {
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Memory that forgetting it would give back: what it shares with others does not count. 0 where it is in storage alone. */
  readonly bytes: number;
  /** The checkpoint that the machine came from: the last one taken or returned to before. */
  readonly parent?: string;
  /** Given up first when memory runs short. */
  readonly automatic: boolean;
  /** Kept in the playground's storage too: a new Worker can start from it. */
  readonly stored: boolean;
}

export interface CheckpointOptions {
  readonly name: string;
  /** Taken by the page's own decision: the oldest of these are given up when memory runs short. */
  readonly automatic?: boolean;
  /** Also kept in the playground's storage, where it outlives the Worker; what it stored before under `automatic` goes. */
  readonly store?: boolean;
}

/** Where a machine is to start instead of the shipped snapshot. */
export type StartFrom =
  /** A stored checkpoint of this playground (after a lost Worker). The playground's storage is put back to its instant. */
  | { readonly kind: "stored"; readonly id: string }
  /** A checkpoint's file, a port of bytes. Replaces all that the playground holds. */
  | { readonly kind: "file"; readonly content: MessagePort };

export type CheckpointEvent =
  | { readonly kind: "taken"; readonly checkpoint: CheckpointInfo }
  /** By request, or because memory ran short. */
  | { readonly kind: "forgotten"; readonly id: string }
  | { readonly kind: "rewound"; readonly checkpoint: CheckpointInfo };
