/** What can be done to the workspace's files: made, moved, deleted. Each asks what it must know, and says why it cannot. */
import type { App } from "../app.ts";
import { errorText } from "../engine/engine.ts";
import { askSure, askText } from "../shell/ask.ts";
import { checkName, closeFile, joinPath, openFile, parentOf } from "./open-files.ts";

function refusal(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}

async function tried(app: App, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    app.toast({ kind: "bad", text: errorText(error) });
  }
}

export async function createFile(app: App, directory: string, what: "file" | "folder"): Promise<void> {
  const name = await askText({
    title: `New ${what}${directory === "" ? "" : ` in ${directory}`}`,
    label: "Name",
    button: "Create",
    refusal: (text) => refusal(() => checkName(text)),
  });
  if (name === undefined) return;
  await tried(app, async () => {
    const path = joinPath(directory, name);
    if (what === "folder") return await app.bridge.makeDirectory(path);
    const taken = (await app.bridge.listFiles(directory)).some((entry) => entry.name === name);
    if (!taken) await app.bridge.writeFile(path, new Uint8Array(0));
    openFile(app, path);
  });
}

export async function renameFile(app: App, path: string): Promise<void> {
  const to = await askText({
    title: `Rename or move ${path}`,
    label: "New name, or a path within the workspace",
    value: path,
    button: "Rename",
    refusal: (text) => refusal(() => text.split("/").map(checkName)),
  });
  if (to !== undefined) await moveFile(app, path, to);
}

export async function moveFile(app: App, from: string, to: string): Promise<void> {
  if (from === to) return;
  await tried(app, async () => {
    const name = to.slice(to.lastIndexOf("/") + 1);
    if ((await app.bridge.listFiles(parentOf(to))).some((entry) => entry.name === name))
      throw new Error(`${to} exists. Delete it first, or choose another name.`);
    await app.bridge.renameFile(from, to);
    closeFile(app, from);
  });
}

export async function removeFile(app: App, path: string): Promise<void> {
  const sure = await askSure({ title: `Delete ${path}?`, body: "This cannot be undone.", button: "Delete" });
  if (!sure) return;
  await tried(app, async () => {
    await app.bridge.removeFile(path);
    closeFile(app, path);
  });
}
