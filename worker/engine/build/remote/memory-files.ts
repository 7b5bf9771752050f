/** The few file operations that isomorphic-git asks for, in memory: a repository that lives as long as one build reads it. */

interface Stat {
  readonly type: "file" | "dir";
  readonly mode: number;
  readonly size: number;
  readonly ino: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly uid: number;
  readonly gid: number;
  readonly dev: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/** Node's way to say that there is nothing at a path. */
const missing = (path: string): Error =>
  Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: "ENOENT" });

const clean = (path: string): string =>
  `/${path
    .split("/")
    .filter((name) => name !== "" && name !== ".")
    .join("/")}`;

export function memoryFiles() {
  const files = new Map<string, Uint8Array>();
  const folders = new Set<string>(["/"]);
  const stat = async (given: string): Promise<Stat> => {
    const path = clean(given);
    const content = files.get(path);
    if (content === undefined && !folders.has(path)) throw missing(given);
    const isFile = content !== undefined;
    return {
      type: isFile ? "file" : "dir",
      mode: isFile ? 0o100644 : 0o40755,
      size: content?.length ?? 0,
      ino: 0,
      mtimeMs: 0,
      ctimeMs: 0,
      uid: 0,
      gid: 0,
      dev: 0,
      isFile: () => isFile,
      isDirectory: () => !isFile,
      isSymbolicLink: () => false,
    };
  };
  return {
    /** By absolute path. */
    contents: files as ReadonlyMap<string, Uint8Array>,
    promises: {
      stat,
      lstat: stat,
      async readFile(path: string, options?: string | { readonly encoding?: string }): Promise<Uint8Array | string> {
        const content = files.get(clean(path));
        if (content === undefined) throw missing(path);
        const encoding = typeof options === "string" ? options : options?.encoding;
        return encoding === "utf8" ? new TextDecoder().decode(content) : content;
      },
      async writeFile(path: string, data: Uint8Array | string): Promise<void> {
        files.set(clean(path), typeof data === "string" ? new TextEncoder().encode(data) : data);
      },
      async mkdir(path: string): Promise<void> {
        folders.add(clean(path));
      },
      async readdir(path: string): Promise<string[]> {
        const prefix = clean(path) === "/" ? "/" : `${clean(path)}/`;
        if (!folders.has(clean(path))) throw missing(path);
        const names = [...files.keys(), ...folders].flatMap((name) =>
          name.startsWith(prefix) && name !== prefix ? [name.slice(prefix.length).split("/")[0] ?? ""] : [],
        );
        return [...new Set(names)];
      },
      async unlink(path: string): Promise<void> {
        if (!files.delete(clean(path))) throw missing(path);
      },
      async rmdir(path: string): Promise<void> {
        folders.delete(clean(path));
      },
      async readlink(path: string): Promise<string> {
        throw missing(path);
      },
      async symlink(_: string, path: string): Promise<void> {
        throw missing(path);
      },
    },
  };
}
