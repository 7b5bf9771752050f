/** Files to download, and directories as a zip: of the workspace, a container, a volume. */
import { type AsyncZippable, zip } from "fflate";
import type { BrowsePlace, FileEntry } from "../../worker/protocol/index.ts";
import type { App } from "../app.ts";
import { errorText } from "../engine/engine.ts";
import { joinPath } from "./open-files.ts";
import { saveFile } from "./save-file.ts";

interface Source {
  list(path: string): Promise<readonly FileEntry[]>;
  read(path: string): Promise<Uint8Array>;
}

async function downloadFrom(app: App, source: Source, directory: string, name: string): Promise<void> {
  try {
    const files: AsyncZippable = {};
    const collect = async (path: string, below: string): Promise<void> => {
      for (const entry of await source.list(path)) {
        const child = path === "/" ? `/${entry.name}` : joinPath(path, entry.name);
        const kept = joinPath(below, entry.name);
        if (entry.type === "directory") await collect(child, kept);
        else if (entry.type === "file") files[kept] = [await source.read(child), { mtime: new Date(entry.modified) }];
      }
    };
    await collect(directory, "");
    const bytes = await new Promise<Uint8Array>((resolve, reject) =>
      zip(files, { level: 6 }, (error, data) => (error === null ? resolve(data) : reject(error))),
    );
    saveFile(`${name}.zip`, new Blob([bytes as Uint8Array<ArrayBuffer>]));
  } catch (error) {
    app.toast({ kind: "bad", text: `The zip could not be made: ${errorText(error)}` });
  }
}

export async function downloadFile(app: App, path: string): Promise<void> {
  try {
    const bytes = await app.bridge.readFile(path);
    saveFile(path.slice(path.lastIndexOf("/") + 1), new Blob([bytes as Uint8Array<ArrayBuffer>]));
  } catch (error) {
    app.toast({ kind: "bad", text: `${path}: ${errorText(error)}` });
  }
}

export const downloadZip = (app: App, directory: string): Promise<void> =>
  downloadFrom(
    app,
    { list: (path) => app.bridge.listFiles(path), read: (path) => app.bridge.readFile(path) },
    directory,
    directory === "" ? "workspace" : directory.replaceAll("/", "-"),
  );

export const downloadPlace = (app: App, place: BrowsePlace, directory: string, name: string): Promise<void> =>
  downloadFrom(
    app,
    { list: (path) => app.bridge.browse(place, path), read: (path) => app.bridge.browseRead(place, path) },
    directory,
    name,
  );
