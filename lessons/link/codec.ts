/**
 * A recipe as the fragment of a link: `#v1.` and unpadded base64url of raw deflate of UTF-8 JSON. What comes from a link is hostile until
 * it has been read by the schema; and a small link may unpack to a huge text, so unpacking stops at a limit.
 */
import { type Recipe, recipeSchema } from "./recipe.ts";

export type ReadLink =
  | { readonly ok: true; readonly recipe: Recipe }
  | { readonly ok: false; readonly message: string };

const prefix = "#v1.";
const largestLink = 2_000_000;
const largestText = 4_000_000;
/** Chat programs and mail cut longer ones off. */
export const commonLength = 8000;

export const isLink = (fragment: string): boolean => /^#v\d+\./.test(fragment);

export async function writeLink(recipe: Recipe): Promise<string> {
  const json = new TextEncoder().encode(JSON.stringify(recipe));
  const deflated = new Blob([json]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return prefix + toBase64Url(new Uint8Array(await new Response(deflated).arrayBuffer()));
}

export async function readLink(fragment: string): Promise<ReadLink> {
  if (!fragment.startsWith(prefix))
    return refuse(
      isLink(fragment)
        ? "The link is from a newer version of this page. Reload it."
        : "This is no link to a playground.",
    );
  if (fragment.length > largestLink) return refuse("The link is too long.");
  const bytes = fromBase64Url(fragment.slice(prefix.length));
  if (bytes === undefined) return refuse("The link is damaged: a character in it does not belong there.");
  const text = await inflate(bytes);
  if (text === "large") return refuse("The link unpacks to more than a playground may hold.");
  if (text === undefined) return refuse("The link is damaged or was cut off.");
  return readRecipe(text);
}

/** A recipe file's text, or a link's content. */
export function readRecipe(text: string): ReadLink {
  if (text.length > largestText) return refuse("The recipe is too large.");
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return refuse("The recipe is not JSON.");
  }
  const result = recipeSchema.safeParse(data);
  if (result.success) return { ok: true, recipe: result.data };
  const [issue] = result.error.issues;
  return refuse(`The recipe does not keep to the format: ${issue?.path.join(".") || "it"} ${issue?.message ?? ""}`);
}

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<string | "large" | undefined> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let [text, size] = ["", 0];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      size += value.length;
      if (size > largestText) return "large";
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    return undefined;
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function toBase64Url(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined;
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

const refuse = (message: string): ReadLink => ({ ok: false, message });
