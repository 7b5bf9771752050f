/** Open tabs and what stood in them, kept on this device over a reload. */
import { get, set } from "idb-keyval";
import type { OpenOptions } from "./terminals.ts";

export interface SavedTerminals {
  readonly tabs: readonly {
    readonly title: string;
    readonly sessions: readonly { readonly options: OpenOptions; readonly screen: string }[];
  }[];
  /** Which tab was in front. */
  readonly active: number;
}

const key = "terminals";
/** Lines above the screen that are kept of each terminal. */
export const keptScrollback = 1000;

/** Without storage there is nothing to bring back, and nothing to say about it. */
export const loadTerminals = (): Promise<SavedTerminals | undefined> => get<SavedTerminals>(key).catch(() => undefined);
export const saveTerminals = (saved: SavedTerminals): Promise<void> => set(key, saved).catch(() => {});

export const reloadMark = "\x1b[0m\r\n\x1b[2m-- before the reload --\x1b[0m\r\n";
