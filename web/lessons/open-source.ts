/** What an address of the page would open, read and not yet done: a link's own content, a recipe, a Compose file, raw files, an image. */
import { pathProblem } from "../../lessons/format/path.ts";
import { imageRecipe, type ReadLink, type Recipe, readLink, readRecipe } from "../../lessons/link/index.ts";
import { errorText } from "../engine/engine.ts";
import { fetchText, rawAddress, webAddress } from "./fetch-text.ts";

export type Opened =
  | {
      readonly ok: true;
      readonly recipe: Recipe;
      /** Where it came from, to be shown. */
      readonly from: string;
      /** What is left out of it, as sentences. */
      readonly skipped: readonly string[];
    }
  | { readonly ok: false; readonly message: string };

const largest = 4_000_000;
const largestFile = 1_000_000;
const mostFiles = 20;

export async function openSource(fragment: string): Promise<Opened> {
  try {
    if (!fragment.startsWith("#open/")) return told(await readLink(fragment), "a link");
    const [kind = "", ...parts] = fragment.slice("#open/".length).split("/").map(decodeURIComponent);
    const [first = "", second] = parts;
    switch (kind) {
      case "recipe":
        return told(readRecipe(await fetchText(webAddress(first), largest)), hostOf(first));
      case "stack":
        return await stackFrom(await fetchText(rawAddress(first), largestFile), hostOf(first));
      case "gist":
        return await filesFrom(parts.slice(0, mostFiles));
      case "image":
        return told(imageRecipe(first, second), "an address that names an image");
      default:
        return { ok: false, message: "This page does not know what that address opens." };
    }
  } catch (error) {
    return { ok: false, message: errorText(error) };
  }
}

const told = (read: ReadLink, from: string): Opened => (read.ok ? { ...read, from, skipped: [] } : read);
const hostOf = (address: string): string => webAddress(address).host;

async function stackFrom(text: string, from: string): Promise<Opened> {
  const read = (await import("../../lessons/link/stack.ts")).readStack(text);
  return read.ok ? { ...read, from } : read;
}

/** A single raw file may be a recipe or a Compose file; all else are files to look at. */
async function filesFrom(addresses: readonly string[]): Promise<Opened> {
  const files = await Promise.all(
    addresses.map(async (address) => {
      const url = rawAddress(address);
      return { path: fileName(url), text: await fetchText(url, largestFile) };
    }),
  );
  const [only] = files;
  const from = hostOf(addresses[0] ?? "");
  if (only !== undefined && files.length === 1) {
    if (/^(docker-)?compose[\w.-]*\.ya?ml$/.test(only.path)) return await stackFrom(only.text, from);
    const recipe = only.path.endsWith(".json") ? readRecipe(only.text) : undefined;
    if (recipe?.ok === true) return told(recipe, from);
  }
  return told(readRecipe(JSON.stringify({ v: 1, files })), from);
}

function fileName(url: URL): string {
  let name = url.pathname.split("/").at(-1) ?? "";
  try {
    name = decodeURIComponent(name);
  } catch {
    // It stays as it is written.
  }
  return name === "raw" || pathProblem(name) !== undefined || name.includes("/") ? "file.txt" : name;
}
