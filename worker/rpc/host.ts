/**
 * What the Worker's wiring offers the page, as an interface: worker/main.ts implements it on the machine and the engine,
 * the development build on a toy. `exposeRpc` binds it to the bridge.
 */
import type { ApiTransport } from "../api/transport.ts";
import type { ByteDuplex } from "../engine/ports/guest.ts";
import type {
  BrowsePlace,
  CheckpointEvent,
  CheckpointInfo,
  CheckpointOptions,
  DockerRun,
  FileChange,
  FileEntry,
  HoodReport,
  HostNotice,
  LayerContents,
  LessonReport,
  StartReport,
  StartStage,
  TerminalOptions,
} from "../protocol/index.ts";

export interface HostTerminal extends ByteDuplex {
  resize(rows: number, columns: number): void;
  readonly exit: Promise<number>;
  /** Hangs up (SIGHUP to the session). */
  close(): void;
}

/** The workspace. Paths are relative to it, "" is the workspace itself; a path that leads out is refused (invalidParameter). */
export interface HostFiles {
  list(path: string): Promise<readonly FileEntry[]>;
  read(path: string): Promise<ReadableStream<Uint8Array>>;
  /** Creates or replaces the file, and the directories on the way to it. */
  write(path: string, content: ReadableStream<Uint8Array>, mode?: number): Promise<void>;
  makeDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Changes from now on, whoever makes them. */
  watch(): ReadableStream<FileChange>;
}

export type HostStartFrom =
  | { readonly kind: "stored"; readonly id: string }
  | { readonly kind: "file"; readonly content: ReadableStream<Uint8Array> };

export interface HostCheckpoints {
  list(): Promise<readonly CheckpointInfo[]>;
  /** Before the start. */
  stored(playground: string): Promise<readonly CheckpointInfo[]>;
  take(options: CheckpointOptions): Promise<CheckpointInfo>;
  rewind(id: string): Promise<CheckpointInfo>;
  forget(id: string): Promise<void>;
  export(id: string): Promise<ReadableStream<Uint8Array>>;
  /** From now on. */
  watch(): ReadableStream<CheckpointEvent>;
}

export interface DrydockHost {
  /**
   * Rejects with kind `download` or `unsupported` where a retry or another browser helps, with `conflict` where `from` fits no machine of
   * this site; may be called again after that.
   */
  start(options: {
    readonly playground: string;
    readonly from?: HostStartFrom;
    readonly engineAtOnce?: boolean;
    onProgress(stage: StartStage, loadedBytes: number, totalBytes: number): void;
  }): Promise<StartReport>;
  stop(): Promise<void>;
  /** The playground as one file under this name, while it goes on. */
  exportPlayground(name: string): Promise<ReadableStream<Uint8Array>>;
  readonly notices: ReadableStream<HostNotice>;
  readonly api: ApiTransport;
  openTerminal(options: TerminalOptions): Promise<HostTerminal>;
  /** Runs one docker line as the learner, outside a terminal. */
  runDocker(args: readonly string[]): Promise<DockerRun>;
  readonly files: HostFiles;
  openPort(address: string, port: number): Promise<ByteDuplex>;
  /** Absent until the engine offers it. */
  inspect?(container: string): Promise<HoodReport>;
  /** Files of a container or a volume. Paths are absolute within it. Absent until the engine offers it. */
  readonly browser?: {
    list(place: BrowsePlace, path: string): Promise<readonly FileEntry[]>;
    read(place: BrowsePlace, path: string): Promise<ReadableStream<Uint8Array>>;
    write(place: BrowsePlace, path: string, content: ReadableStream<Uint8Array>): Promise<void>;
  };
  /** Absent where no lessons are played. What comes in is checked by the host. */
  readonly lessons?: {
    watch(step: unknown): Promise<ReadableStream<LessonReport>>;
    play(lesson: unknown, place: { readonly step: number; readonly fromNothing: boolean }): Promise<void>;
  };
  /** Absent where the machine cannot be put back. */
  readonly checkpoints?: HostCheckpoints;
  /** What an image's layers hold. Absent until the engine offers it. */
  readonly layers?: {
    list(reference: string): Promise<readonly LayerContents[]>;
    read(reference: string, layer: number, path: string): Promise<ReadableStream<Uint8Array>>;
  };
}
