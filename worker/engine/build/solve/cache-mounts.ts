/**
 * Directories of `RUN --mount=type=cache`: they outlive their steps. Who may be in one beside others says `sharing`, by BuildKit's rules:
 * "shared" steps meet in one directory, a "private" one takes another that nobody is in, a "locked" one waits until nobody is.
 */
import type { RunMount } from "../dockerfile/mount.ts";
import { digestText } from "../files/digest.ts";

export const cacheRoot = "/var/lib/docker/buildkit/cache";

export interface OpenedCache {
  readonly directory: string;
  close(): void;
}

type Sharing = Exclude<RunMount["sharing"], "">;

/** Who is in a directory. */
interface Users {
  readonly sharing: Sharing;
  count: number;
}

export class CacheMounts {
  readonly #users = new Map<string, Users>();
  readonly #waiting = new Set<() => void>();

  /** `base`: of what the directory starts from, where that is not nothing; each has a directory of its own. */
  async open(mount: RunMount, base: string | undefined, signal: AbortSignal): Promise<OpenedCache> {
    const name = digestText(JSON.stringify([mount.id || mount.target, base ?? null])).slice(7, 39);
    // Two overlays cannot have the same upper directory.
    const sharing = base === undefined ? mount.sharing || "shared" : mount.sharing === "private" ? "private" : "locked";
    for (;;) {
      signal.throwIfAborted();
      const directory = this.#find(name, sharing);
      if (directory !== undefined) return this.#enter(directory, sharing);
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  #find(name: string, sharing: Sharing): string | undefined {
    const first = `${cacheRoot}/${name}`;
    for (let i = 0; ; i++) {
      const directory = i === 0 ? first : `${first}-${i}`;
      const users = this.#users.get(directory);
      if (users === undefined || (sharing === "shared" && users.sharing === "shared")) return directory;
      if (sharing === "locked") return undefined;
    }
  }

  #enter(directory: string, sharing: Sharing): OpenedCache {
    const users = this.#users.get(directory) ?? { sharing, count: 0 };
    users.count++;
    this.#users.set(directory, users);
    let isOpen = true;
    const close = (): void => {
      if (!isOpen) return;
      isOpen = false;
      if (--users.count > 0) return;
      this.#users.delete(directory);
      for (const wake of this.#waiting) wake();
      this.#waiting.clear();
    };
    return { directory, close };
  }
}
