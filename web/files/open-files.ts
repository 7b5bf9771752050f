/** Which files are open in the editor, and what a name of a file may be. */
import type { App } from "../app.ts";
import { arrangementOf } from "../shell/layout.ts";

export const parentOf = (path: string): string => (path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "");
export const joinPath = (directory: string, name: string): string => (directory === "" ? name : `${directory}/${name}`);

/** Names that Linux refuses, or that lead out of the workspace (NAME_MAX is 255 bytes). Answers the name. */
export function checkName(name: string): string {
  if (name === "" || name === "." || name === ".." || name.includes("/") || name.includes("\0"))
    throw new Error(`“${name}” cannot be the name of a file.`);
  const bytes = new TextEncoder().encode(name).length;
  if (bytes > 255) throw new Error(`The name is ${bytes} bytes long; Linux allows 255.`);
  return name;
}

export function openFile(app: App, path: string): void {
  // A view that stands beside the terminal, or in its place, leaves no room for an editor.
  if (arrangementOf(app.store.state.route, false) !== "below") app.go({ view: "playground" });
  const { paths } = app.store.state.openFiles;
  app.store.set({ openFiles: { paths: paths.includes(path) ? paths : [...paths, path], active: path } });
}

/** The file, or all files below the directory. */
export function closeFile(app: App, path: string): void {
  const { paths, active } = app.store.state.openFiles;
  const rest = paths.filter((each) => each !== path && !each.startsWith(`${path}/`));
  if (rest.length === paths.length) return;
  app.store.set({
    openFiles: { paths: rest, active: active !== undefined && rest.includes(active) ? active : rest.at(-1) },
  });
}
