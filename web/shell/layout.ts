/** Sizes and places of the panes: pure decisions, and what is remembered of them. */
import { remember, remembered } from "../state/settings.ts";
import type { Route } from "./router.ts";

export type Arrangement = "below" | "beside" | "full";
export type PaneName = "left" | "lesson" | "editor" | "preview" | "previewHeight" | "panels" | "beside";
export type NarrowPane = "lesson" | "files" | "terminal" | "panels" | "editor" | "preview";

interface Range {
  readonly start: number;
  readonly min: number;
  readonly max: number;
}

/** Pixels. The upper bounds are also limited by the window, see {@link clampSize}. */
export const paneRanges: Readonly<Record<PaneName, Range>> = {
  left: { start: 220, min: 160, max: 520 },
  lesson: { start: 420, min: 300, max: 720 },
  editor: { start: 520, min: 240, max: 1200 },
  preview: { start: 440, min: 240, max: 1200 },
  previewHeight: { start: 300, min: 120, max: 900 },
  panels: { start: 300, min: 120, max: 900 },
  beside: { start: 420, min: 260, max: 1000 },
};

/** The pane's share of the window never exceeds 60 %, so that the terminal stays. */
export function clampSize(pane: PaneName, size: number, available: number): number {
  const { min, max } = paneRanges[pane];
  return Math.round(Math.max(min, Math.min(size, max, available * 0.6)));
}

export const storedSize = (pane: PaneName): number => remembered(`size.${pane}`, paneRanges[pane].start);
export const storeSize = (pane: PaneName, size: number): void => remember(`size.${pane}`, size);

/** Views that are drawings or need both columns stand beside the terminal, or take its place; lists stand below it. */
export function arrangementOf(route: Route, maximised: boolean): Arrangement {
  if (maximised) return "full";
  if (route.view === "hood" || route.view === "networks") return "beside";
  if (route.view === "images" && route.name !== undefined) return "full";
  return "below";
}

export function narrowPaneOf(route: Route): NarrowPane {
  if (route.view === "lesson") return "lesson";
  return route.view === "playground" || route.view === "home" ? "terminal" : "panels";
}
