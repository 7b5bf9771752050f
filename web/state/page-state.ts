import type {
  CheckpointInfo,
  PlaygroundInfo,
  StartProgress,
  StartReport,
  StartStage,
  WireError,
} from "../../worker/protocol/index.ts";
import type { ContainerSummary, ImageSummary, Network, Volume } from "../engine/types.ts";
import type { LessonWords, Route } from "../shell/router.ts";
import { Store } from "./store.ts";
import type { Vitals } from "./vitals.ts";

export type MachineState =
  | { readonly kind: "off" }
  | { readonly kind: "starting"; readonly progress: Readonly<Partial<Record<StartStage, StartProgress>>> }
  | { readonly kind: "running"; readonly report: StartReport }
  /** Another tab works on the playground. */
  | { readonly kind: "elsewhere" }
  /** The start failed; nothing runs. */
  | { readonly kind: "failed"; readonly error: WireError }
  /** It ran, and its Worker is gone. */
  | { readonly kind: "lost"; readonly error: WireError; readonly checkpoint: CheckpointInfo | undefined };

export interface TerminalTab {
  readonly id: number;
  readonly title: string;
  /** Ids of the sessions shown side by side. */
  readonly sessions: readonly number[];
}

/** An action of the page with the docker line that it stands for. */
export interface CommandEntry {
  readonly id: number;
  readonly line: string;
  readonly at: number;
  readonly state: "running" | "done" | "failed";
  readonly message?: string;
}

export interface Toast {
  readonly id: number;
  /** `warning`: something a program asked for did not happen; no fault of the page's. */
  readonly kind: "info" | "warning" | "bad";
  readonly text: string;
  /** Stays until it is dismissed, as errors do. */
  readonly lasting?: boolean;
  readonly action?: { readonly label: string; readonly run: () => void };
}

export interface PageState {
  readonly route: Route;
  readonly machine: MachineState;
  /** `undefined` until the first list has come. */
  readonly containers: readonly ContainerSummary[] | undefined;
  readonly images: readonly ImageSummary[] | undefined;
  readonly networks: readonly Network[] | undefined;
  readonly volumes: readonly Volume[] | undefined;
  readonly engineVersion: string | undefined;
  readonly apiVersion: string | undefined;
  /** The Worker runs, and is late with its answers. */
  readonly busy: boolean;
  /** What is used of the machine's memory and of the browser's storage. */
  readonly vitals: Vitals;
  /** The page and the machine also come without a network. */
  readonly offline: boolean;
  readonly terminals: { readonly tabs: readonly TerminalTab[]; readonly active: number | undefined };
  readonly commands: readonly CommandEntry[];
  readonly toasts: readonly Toast[];
  readonly openFiles: { readonly paths: readonly string[]; readonly active: string | undefined };
  readonly preview: number | undefined;
  /** The open lesson, as TRACK/LESSON: it stays while panels come and go. */
  readonly lesson: string | undefined;
  /** Once it has been read. */
  readonly lessonWords: LessonWords | undefined;
  readonly playgrounds: {
    /** Last used first; empty until it was asked for. */
    readonly list: readonly PlaygroundInfo[];
    readonly quota: StorageEstimate | undefined;
    /** Why there are none. */
    readonly failure: string | undefined;
  };
}

export type PageStore = Store<PageState>;

export function createPageStore(route: Route): PageStore {
  return new Store<PageState>({
    route,
    machine: { kind: "off" },
    containers: undefined,
    images: undefined,
    networks: undefined,
    volumes: undefined,
    engineVersion: undefined,
    apiVersion: undefined,
    busy: false,
    vitals: {},
    offline: false,
    terminals: { tabs: [], active: undefined },
    commands: [],
    toasts: [],
    openFiles: { paths: [], active: undefined },
    preview: undefined,
    lesson: undefined,
    lessonWords: undefined,
    playgrounds: { list: [], quota: undefined, failure: undefined },
  });
}
