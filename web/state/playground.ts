/** Which playground an address opens: `?playground=ID`, the default one without it. */
import { defaultPlayground } from "../../worker/protocol/index.ts";

export function playgroundOf(search: string): string {
  const id = new URLSearchParams(search).get("playground") ?? "";
  return /^[a-z0-9][a-z0-9-]{0,60}$/.test(id) ? id : defaultPlayground;
}

/** The page at this playground. */
export const addressOf = (id: string): string =>
  `./${id === defaultPlayground ? "" : `?playground=${encodeURIComponent(id)}`}#/playground`;
