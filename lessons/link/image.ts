/** `?image=REF&cmd=…`: one container, in the terminal. */
import { type ReadLink, readRecipe } from "./codec.ts";
import { joinWords, splitWords } from "./words.ts";

export function imageRecipe(ref: string, command: string | undefined): ReadLink {
  const words = splitWords(command ?? "");
  if (words === undefined) return { ok: false, message: "The command has a quote that is not closed." };
  if (!/^[a-zA-Z0-9][a-zA-Z0-9._/:@-]{0,249}$/.test(ref))
    return { ok: false, message: "This is not the name of an image." };
  const line = ["docker run -it --rm", joinWords([ref, ...words])].join(" ");
  return readRecipe(JSON.stringify({ v: 1, title: ref.slice(0, 120), steps: [line] }));
}
