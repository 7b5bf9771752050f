/** Which playground an address opens: `?playground=ID`, the default one without it. */
import { defaultPlayground } from "../../worker/protocol/index.ts";

/** Lessons begin on an empty machine: in a playground of their own, so that what was made elsewhere stays. */
export const lessonsPlayground = "lessons";

export function playgroundOf(search: string): string {
  const id = new URLSearchParams(search).get("playground") ?? "";
  return /^[a-z0-9][a-z0-9-]{0,60}$/.test(id) ? id : defaultPlayground;
}

/** The page at this playground. */
export const addressOf = (id: string, place = "#/playground"): string =>
  `./${id === defaultPlayground ? "" : `?playground=${encodeURIComponent(id)}`}${place}`;
