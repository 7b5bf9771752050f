/** Files of containers and layers for the development host. */
import type { FileEntry, LayerContents, LayerFile } from "../../worker/protocol/index.ts";

const bytes = (text: string): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });

const entry = (name: string, type: FileEntry["type"], size = 0): FileEntry => ({
  name,
  type,
  size,
  mode: 0o755,
  modified: 1.8e12,
});

export const fakeBrowser = {
  async list(_: unknown, path: string): Promise<readonly FileEntry[]> {
    if (path === "/")
      return [
        ...["bin", "etc", "run", "tmp", "usr", "var"].map((name) => entry(name, "directory")),
        entry("docker-entrypoint.sh", "file", 1620),
      ];
    if (path === "/etc")
      return [
        entry("hostname", "file", 13),
        entry("hosts", "file", 174),
        entry("passwd", "file", 839),
        entry("mtab", "symlink"),
      ];
    return [];
  },
  async write(): Promise<void> {},
  async read(_: unknown, path: string): Promise<ReadableStream<Uint8Array>> {
    return bytes(path.endsWith("hostname") ? "3f9c1a7e42b0\n" : "# a file of the development host\n");
  },
};

const file = (path: string, size: number, change: LayerFile["change"] = "added"): LayerFile => ({
  path,
  change,
  type: "file",
  size,
  mode: 0o644,
});
const directory = (path: string, change: LayerFile["change"] = "added"): LayerFile => ({
  path,
  change,
  type: "directory",
  size: 0,
  mode: 0o755,
});
const contents: readonly LayerContents[] = [
  {
    index: 0,
    diffId: "sha256:1",
    files: [
      directory("etc"),
      file("etc/passwd", 839),
      directory("usr"),
      directory("usr/bin"),
      file("usr/bin/bash", 1_234_376),
    ],
  },
  {
    index: 1,
    diffId: "sha256:2",
    files: [
      directory("usr", "changed"),
      directory("usr/lib"),
      directory("usr/lib/python3"),
      file("usr/lib/python3/os.py", 39_000),
      file("usr/lib/python3/__pycache__.bin", 1_900_000),
    ],
  },
  {
    index: 2,
    diffId: "sha256:3",
    files: [
      directory("app"),
      file("app/app.py", 1200),
      file("app/requirements.txt", 12),
      file("app/Dockerfile", 214),
      file("app/compose.yaml", 310),
      directory("etc", "changed"),
      file("etc/passwd", 871, "changed"),
    ],
  },
  {
    index: 3,
    diffId: "sha256:4",
    files: [
      directory("usr", "changed"),
      file("usr/lib/python3/__pycache__.bin", 0, "removed"),
      directory("usr/lib/python3/flask"),
      file("usr/lib/python3/flask/app.py", 60_000),
    ],
  },
];

export const fakeLayers = {
  /** Each image has the same base and its own last layer. */
  async list(reference: string): Promise<readonly LayerContents[]> {
    if (reference === "counter:latest") return contents;
    return [
      ...contents.slice(0, 2),
      { index: 2, diffId: `sha256:${reference}`, files: [file("app/app.py", 1300), file("app/extra.py", 20)] },
    ];
  },
  async read(reference: string, layer: number, path: string): Promise<ReadableStream<Uint8Array>> {
    return bytes(`# ${path} of layer ${layer + 1} of ${reference}\nfrom flask import Flask\n`);
  },
};
