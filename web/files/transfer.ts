/** Files into the workspace and out of it: dropped files and folders, image tars, a zip of all. */
import { type AsyncZippable, zip } from "fflate";
import type { App } from "../app.ts";
import { errorText } from "../engine/engine.ts";
import { saveFile } from "../panels/logs.ts";
import { checkName, joinPath } from "./open-files.ts";

export async function downloadZip(app: App, directory: string): Promise<void> {
  try {
    const files: AsyncZippable = {};
    const collect = async (path: string): Promise<void> => {
      for (const entry of await app.bridge.listFiles(path)) {
        const child = joinPath(path, entry.name);
        if (entry.type === "directory") await collect(child);
        else if (entry.type === "file")
          files[child] = [await app.bridge.readFile(child), { mtime: new Date(entry.modified) }];
      }
    };
    await collect(directory);
    const bytes = await new Promise<Uint8Array>((resolve, reject) =>
      zip(files, { level: 6 }, (error, data) => (error === null ? resolve(data) : reject(error))),
    );
    saveFile(
      `${directory === "" ? "workspace" : directory.replaceAll("/", "-")}.zip`,
      new Blob([bytes as Uint8Array<ArrayBuffer>]),
    );
  } catch (error) {
    app.toast({ kind: "bad", text: `The zip could not be made: ${errorText(error)}` });
  }
}

/** Folders keep their structure. A single image tar (`docker save`) is loaded instead of copied. */
export async function uploadDropped(app: App, transfer: DataTransfer, directory: string): Promise<void> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const single = transfer.files.length === 1 ? transfer.files[0] : undefined;
  if (single !== undefined && /\.(tar|tar\.gz|tgz)$/.test(single.name)) {
    await loadImage(app, single);
    return;
  }
  let count = 0;
  try {
    for (const entry of entries)
      for await (const { path, file } of filesBelow(entry, "")) {
        await app.bridge.writeFile(joinPath(directory, path), file.stream());
        count += 1;
      }
    app.toast({
      kind: "info",
      text: count === 1 ? "1 file copied into the workspace." : `${count} files copied into the workspace.`,
    });
  } catch (error) {
    app.toast({ kind: "bad", text: `${count} files copied, then: ${errorText(error)}` });
  }
}

async function* filesBelow(
  entry: FileSystemEntry,
  prefix: string,
): AsyncGenerator<{ readonly path: string; readonly file: File }> {
  const path = joinPath(prefix, checkName(entry.name));
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    yield { path, file };
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // The directory is read in portions until one is empty.
  for (;;) {
    const portion = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (portion.length === 0) return;
    for (const child of portion) yield* filesBelow(child, path);
  }
}

async function loadImage(app: App, file: File): Promise<void> {
  await app.perform({
    line: `docker load -i ${file.name}`,
    run: async (engine) => {
      const { body } = await engine.put("POST", "/images/load?quiet=1", file.stream());
      if (body.kind !== "jsonLines") return;
      const reader = body.values.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        const { error, stream } = value as { readonly error?: string; readonly stream?: string };
        if (error !== undefined) throw new Error(error);
        if (stream !== undefined) app.toast({ kind: "info", text: stream.trim() });
      }
    },
  });
}
