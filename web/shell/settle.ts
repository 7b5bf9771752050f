/** Which playground this visit is for. An address that opens a lesson is made one of the lessons' playground, before anything is loaded for it. */
import { addressOf, lessonsPlayground, playgroundOf } from "../state/playground.ts";
import { parseRoute } from "./router.ts";
import { wayIn } from "./ways-in.ts";

export function settle({ search, hash }: { readonly search: string; readonly hash: string }): {
  readonly playground: string;
  /** What is to stand in the address bar instead. */
  readonly address?: string;
} {
  const place = hash === "" ? (wayIn(search) ?? "") : hash;
  const playground = playgroundOf(search);
  if (parseRoute(place).view !== "lesson" || playground === lessonsPlayground) return { playground };
  return { playground: lessonsPlayground, address: addressOf(lessonsPlayground, place) };
}
