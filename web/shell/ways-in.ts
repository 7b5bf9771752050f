/**
 * What the address's query opens, as a place of the page: `?lesson=URL`, `?recipe=URL`, `?stack=URL` of a Compose file, `?gist=URL` of any
 * raw file (several are allowed), `?image=REF&cmd=…`. All but a lesson are shown before anything happens.
 */
export function wayIn(search: string): string | undefined {
  const query = new URLSearchParams(search);
  const lesson = query.get("lesson");
  if (lesson !== null)
    return `#/lesson/${/^[a-z0-9-]+\/[a-z0-9-]+$/.test(lesson) ? lesson : `url/${encodeURIComponent(lesson)}`}`;
  for (const kind of ["recipe", "stack", "gist"] as const) {
    const addresses = query.getAll(kind);
    if (addresses.length > 0) return openAddress(kind, addresses);
  }
  const image = query.get("image");
  return image === null ? undefined : openAddress("image", [image, ...query.getAll("cmd")]);
}

/** Shown by the same view as a link with its content in it (`#v1.…`). */
export const openAddress = (kind: "recipe" | "stack" | "gist" | "image", parts: readonly string[]): string =>
  `#open/${kind}/${parts.map(encodeURIComponent).join("/")}`;
