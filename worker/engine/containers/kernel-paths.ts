/** What there is of the paths that Docker masks and protects; the kernel is asked once. */
import type { FileStat, Guest } from "../ports/guest.ts";
import type { KernelPaths } from "../runtime/index.ts";
import { defaultMaskedPaths, defaultReadonlyPaths } from "./host-config.ts";

export async function findKernelPaths(guest: Guest): Promise<KernelPaths> {
  const paths = [...defaultMaskedPaths, ...defaultReadonlyPaths];
  const stats = await guest.batch(paths.map((path) => ({ op: "stat", path, ignore: ["*"] })));
  const kinds = new Map<string, "file" | "directory" | undefined>();
  paths.forEach((path, i) => {
    const stat = stats[i] as FileStat | undefined;
    kinds.set(path, stat === undefined ? undefined : stat.type === "directory" ? "directory" : "file");
  });
  // Others come from an API client's own lists: the operation's errors are ignored where they do not exist.
  return { kind: (path) => (kinds.has(path) ? kinds.get(path) : "file") };
}
