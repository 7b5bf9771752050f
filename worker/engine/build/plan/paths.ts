/** Paths in the image under construction. */
import { cleanPath } from "../dockerfile/index.ts";

/** Relative to the working directory; "/" at the end, "" and "." stay recognizable as directories. */
export function destinationPath(workdir: string, path: string): string {
  const directory = path === "" || path === "." || path.endsWith("/") || path.endsWith("/.");
  const full = cleanPath(path.startsWith("/") ? path : `${workdir || "/"}/${path}`);
  return directory && full !== "/" ? `${full}/` : full;
}

export const absolutePath = (workdir: string, path: string): string =>
  cleanPath(path.startsWith("/") ? path : `/${workdir}/${path}`);
