/**
 * Open tabs and what stood in them, kept on this device over a reload. Written when the page goes: only what is written at
 * once is sure to be kept then, and that is the small storage.
 */
import { rememberedHere, rememberHere } from "../state/settings.ts";
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
/** Lines above the screen that are kept of each terminal, and characters of all of it. */
export const keptScrollback = 500;
const keptCharacters = 200_000;

export const loadTerminals = (): SavedTerminals | undefined =>
  rememberedHere<SavedTerminals | undefined>(key, undefined);

export function saveTerminals({ tabs, active }: SavedTerminals): void {
  const fits = (screen: string): string => (screen.length > keptCharacters ? "" : screen);
  rememberHere(key, {
    tabs: tabs.map(({ title, sessions }) => ({
      title,
      sessions: sessions.map(({ options, screen }) => ({ options, screen: fits(screen) })),
    })),
    active,
  });
}

export const reloadMark = "\x1b[0m\r\n\x1b[90m-- before the reload --\x1b[0m\r\n";
