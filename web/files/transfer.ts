/** Files into the workspace: dropped or chosen files and folders; an image tar is loaded instead. */
import type { App } from "../app.ts";
import { errorText } from "../engine/engine.ts";
import { checkName, joinPath } from "./open-files.ts";

/** Folders keep their structure. A single image tar (`docker save`) is loaded instead of copied. */
export async function uploadDropped(app: App, transfer: DataTransfer, directory: string): Promise<void> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const single = transfer.files.length === 1 ? transfer.files[0] : undefined;
  if (single !== undefined && isImageTar(single)) {
    await loadImage(app, single);
    return;
  }
  async function* all() {
    for (const entry of entries) yield* filesBelow(entry, "");
  }
  await upload(app, all(), directory);
}

/** What a file dialog gave: files, or a folder's with their paths below it. */
export async function uploadChosen(app: App, files: readonly File[], directory: string): Promise<void> {
  const [single] = files;
  if (files.length === 1 && single !== undefined && isImageTar(single)) {
    await loadImage(app, single);
    return;
  }
  async function* all() {
    for (const file of files) {
      const path = file.webkitRelativePath === "" ? file.name : file.webkitRelativePath;
      yield { path: path.split("/").map(checkName).join("/"), file };
    }
  }
  await upload(app, all(), directory);
}

const isImageTar = ({ name }: File): boolean => /\.(tar|tar\.gz|tgz)$/.test(name);

interface Uploaded {
  readonly path: string;
  readonly file: File;
}

async function upload(app: App, files: AsyncIterable<Uploaded>, directory: string): Promise<void> {
  let count = 0;
  try {
    for await (const { path, file } of files) {
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

async function* filesBelow(entry: FileSystemEntry, prefix: string): AsyncGenerator<Uploaded> {
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
