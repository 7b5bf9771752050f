/**
 * What the page can ask of the Worker. Every answer is an {@link Outcome}; every stream is a MessagePort of
 * `port-stream.ts`. The version changes with any change that an older side would misread; the two are compared first.
 */
import type { CheckpointInfo, CheckpointOptions, StartFrom } from "./checkpoint.ts";
import type { HoodReport } from "./hood.ts";
import type { Outcome } from "./outcome.ts";

export const protocolVersion = 2;

/** The start's stages in their order. */
export const startStages = ["emulator", "machine", "wake"] as const;
export type StartStage = (typeof startStages)[number];

export interface StartProgress {
  readonly stage: StartStage;
  readonly loadedBytes: number;
  /** 0 when it is not known. */
  readonly totalBytes: number;
}

export interface StartOptions {
  /** Whose images, containers, volumes and files these are: the name of a folder in the browser's storage. "" keeps nothing. */
  readonly playground: string;
  /** Where that does not fit this site's machine, the start fails (conflict) and nothing was changed: start without it then. */
  readonly from?: StartFrom;
  /** Docker lines follow at once: the engine's code is loaded while the machine is. Without it a prompt comes first. */
  readonly engineAtOnce?: boolean;
}

export interface StartReport {
  /** Where the machine came from: the shipped snapshot, a checkpoint, or a cold boot. */
  readonly origin: "snapshot" | "checkpoint" | "boot";
  readonly memoryBytes: number;
  /** Whether what is written survives a reload (`false` in private windows and where storage is denied). */
  readonly durable: boolean;
  /** URLs of the site's files that the start has used, for the offline cache. The bridge fills it in. */
  readonly usedFiles?: readonly string[];
}

/** What the person at the page should know, whenever it happens: `lost` ends the machine. */
export interface HostNotice {
  readonly kind: "info" | "lost";
  readonly text: string;
}

export type WireBody =
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "stream"; readonly port: MessagePort };

export interface WireRequest {
  /** Chosen by the page, for {@link WorkerService.cancel}. */
  readonly id: number;
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "HEAD";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: WireBody;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body:
    | { readonly kind: "empty" }
    | { readonly kind: "json"; readonly value: unknown }
    | { readonly kind: "text"; readonly text: string }
    | { readonly kind: "jsonLines"; readonly port: MessagePort }
    | { readonly kind: "stream"; readonly port: MessagePort }
    | { readonly kind: "upgrade"; readonly readable: MessagePort; readonly writable: MessagePort };
}

/** An engine event with its place in the feed. A number left out means that events were dropped: list again. */
export interface NumberedEvent {
  readonly sequence: number;
  readonly event: unknown;
}

export interface TerminalOptions {
  readonly rows: number;
  readonly columns: number;
  /** A program and its arguments; a login shell without it. */
  readonly command?: readonly string[];
  readonly user?: string;
  readonly cwd?: string;
  /** Runs inside this container (an exec) instead of on the machine. */
  readonly container?: string;
}
export interface WireTerminal {
  readonly id: number;
  readonly readable: MessagePort;
  readonly writable: MessagePort;
}

export interface DockerRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface FileEntry {
  readonly name: string;
  readonly type: "file" | "directory" | "symlink" | "other";
  readonly size: number;
  readonly mode: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
}
export interface FileChange {
  readonly kind: "created" | "changed" | "removed";
  readonly path: string;
}

/** Where files can be looked at besides the workspace: a container's root as it is now, a volume. */
export type BrowsePlace =
  | { readonly kind: "container"; readonly id: string }
  | { readonly kind: "volume"; readonly name: string };

/** What one layer of an image does to the files below it. */
export interface LayerFile {
  /** Without a leading slash. */
  readonly path: string;
  readonly change: "added" | "changed" | "removed";
  readonly type: "file" | "directory" | "symlink" | "other";
  readonly size: number;
  readonly mode: number;
}
/** A layer with files; `index` counts them from the base, as `RootFS.Layers` does. */
export interface LayerContents {
  readonly index: number;
  readonly diffId: string;
  readonly files: readonly LayerFile[];
}

/** What a preview asks on its channel; the answer is `connected` or `refused` with the same id. */
export type PreviewMessage =
  | {
      readonly type: "connect";
      readonly id: number;
      readonly readable: MessagePort;
      readonly writable: MessagePort;
      /** Sent before what comes over `writable`: a WebSocket's request, whose cookies its page may not see. */
      readonly first?: Uint8Array;
    }
  | { readonly type: "connected"; readonly id: number }
  | { readonly type: "refused"; readonly id: number; readonly message: string };

/** Paths of files are relative to the workspace, with `/` between names, and "" for the workspace itself. */
export interface WorkerService {
  version(): number | Promise<number>;
  ping(): true | Promise<true>;
  /** Resolves when terminals can be opened; the engine answers a moment later, and requests to it wait for it. */
  start(progress: MessagePort, options: StartOptions): Promise<Outcome<StartReport>>;
  /** Ends the machine as a computer is shut down: what was written is stored. The Worker is good for nothing after that. */
  stop(): Promise<Outcome<void>>;
  /** {@link HostNotice}s since the Worker came to be. For one reader. */
  notices(): Promise<Outcome<MessagePort>>;

  request(request: WireRequest): Promise<Outcome<WireResponse>>;
  cancel(id: number): void;
  /** {@link NumberedEvent}s, from now on. */
  events(): Promise<Outcome<MessagePort>>;

  openTerminal(options: TerminalOptions): Promise<Outcome<WireTerminal>>;
  resizeTerminal(id: number, rows: number, columns: number): void;
  /** Resolves with the exit code when the terminal's process has ended. */
  terminalExit(id: number): Promise<Outcome<number>>;
  /** Hangs up, as closing a terminal window does. */
  closeTerminal(id: number): void;
  runDocker(args: readonly string[]): Promise<Outcome<DockerRun>>;

  listFiles(path: string): Promise<Outcome<readonly FileEntry[]>>;
  readFile(path: string): Promise<Outcome<MessagePort>>;
  /** `mode`: permission bits; without them a file keeps its own, and a new one gets 0644. */
  writeFile(path: string, content: MessagePort, mode?: number): Promise<Outcome<void>>;
  makeDirectory(path: string): Promise<Outcome<void>>;
  renameFile(from: string, to: string): Promise<Outcome<void>>;
  /** Directories with all that is in them. */
  removeFile(path: string): Promise<Outcome<void>>;
  /** {@link FileChange}s, whoever made them. */
  watchFiles(): Promise<Outcome<MessagePort>>;

  /** A byte stream to a published port. */
  openPort(
    address: string,
    port: number,
  ): Promise<Outcome<{ readonly readable: MessagePort; readonly writable: MessagePort }>>;
  /** Answers {@link PreviewMessage}s on the channel, which reach this one port and nothing else. */
  servePreview(channel: MessagePort, address: string, port: number): void;

  inspect(container: string): Promise<Outcome<HoodReport>>;

  /** LessonReports on the open step (its tasks' and hints' checks), from now on until the reader cancels. */
  watchStep(step: unknown): Promise<Outcome<MessagePort>>;
  /** Makes the start of a lesson's step. `fromNothing`: containers, volumes, networks and workspace files are removed first, and the steps before are played. */
  playLesson(lesson: unknown, place: { readonly step: number; readonly fromNothing: boolean }): Promise<Outcome<void>>;

  /** Oldest first. */
  /** The bytes of a playground's file ({@link PlaygroundsService.exportFile}) with another name in it, of a machine that goes on. */
  exportPlayground(name: string): Promise<Outcome<MessagePort>>;
  checkpoints(): Promise<Outcome<readonly CheckpointInfo[]>>;
  /** Those in a playground's storage, for a start from one of them. To be asked before the start. */
  storedCheckpoints(playground: string): Promise<Outcome<readonly CheckpointInfo[]>>;
  /** Waits for what is under way; fails (conflict) while an image is built, pulled or pushed, and where there is no memory left for one more. */
  takeCheckpoint(options: CheckpointOptions): Promise<Outcome<CheckpointInfo>>;
  /** What goes on is given up, builds and pulls too. */
  rewind(id: string): Promise<Outcome<CheckpointInfo>>;
  forgetCheckpoint(id: string): Promise<Outcome<void>>;
  /** A file of bytes that {@link StartFrom} takes, here or in another browser. */
  exportCheckpoint(id: string): Promise<Outcome<MessagePort>>;
  /** CheckpointEvents, from now on until the reader cancels. */
  watchCheckpoints(): Promise<Outcome<MessagePort>>;

  browse(place: BrowsePlace, path: string): Promise<Outcome<readonly FileEntry[]>>;
  browseRead(place: BrowsePlace, path: string): Promise<Outcome<MessagePort>>;
  /** Creates or replaces a file, as root owns it. */
  browseWrite(place: BrowsePlace, path: string, content: MessagePort): Promise<Outcome<void>>;
  imageLayers(reference: string): Promise<Outcome<readonly LayerContents[]>>;
  layerFile(reference: string, layer: number, path: string): Promise<Outcome<MessagePort>>;
}
