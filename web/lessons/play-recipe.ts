/** Does what a reader has agreed to: files into the workspace, then the lines one after the other in the terminal. */
import { linesOf, type Recipe } from "../../lessons/link/index.ts";
import type { App } from "../app.ts";
import { errorText } from "../engine/engine.ts";
import { openFile } from "../files/open-files.ts";

export async function playRecipe(app: App, recipe: Recipe, { run }: { readonly run: boolean }): Promise<void> {
  app.go({ view: "playground" });
  try {
    await app.machineRunning();
    for (const { path, text, base64, mode } of recipe.files)
      await app.bridge.writeFile(
        path,
        text === undefined ? bytesOf(base64 ?? "") : new TextEncoder().encode(text),
        mode,
      );
    const [first] = recipe.files;
    if (!run && first !== undefined) openFile(app, first.path);
    if (run) for (const line of linesOf(recipe)) await app.runInTerminal(line);
  } catch (error) {
    app.toast({ kind: "bad", text: `It could not be opened: ${errorText(error)}` });
  }
}

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
