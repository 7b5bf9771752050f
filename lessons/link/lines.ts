/** What a recipe runs, as lines to read before they run, and which images that fetches. */
import type { Recipe } from "./recipe.ts";
import { splitWords } from "./words.ts";

/** Images first: those with a digest are fetched by it and get their name, so that nobody else's later image is run by that name. */
export function linesOf(recipe: Recipe): readonly string[] {
  return [
    ...recipe.images.flatMap(({ ref, digest }) => {
      if (digest === undefined) return [`docker pull ${ref}`];
      const pinned = `${nameOf(ref)}@${digest}`;
      return [`docker pull ${pinned}`, `docker tag ${pinned} ${ref}`];
    }),
    ...recipe.steps,
  ];
}

/** The name without tag and digest. */
const nameOf = (ref: string): string => ref.replace(/@.*$/, "").replace(/:[^:/]*$/, "");

/** Flags of `docker run` and `docker create` that take no value (docs.docker.com/reference/cli/docker/container/run). */
const flagsWithoutValue = new Set(
  "d detach i interactive t tty P publish-all q quiet rm init privileged read-only no-healthcheck oom-kill-disable sig-proxy use-api-socket help".split(
    " ",
  ),
);

/** The image that a line would fetch when it is not there, as it stands in the line. */
export function imageOf(line: string): string | undefined {
  const words = [...(splitWords(line) ?? [])];
  if (words.shift() !== "docker") return undefined;
  if (words[0] === "container" || words[0] === "image") words.shift();
  const verb = words.shift();
  if (verb === "pull") return words.find((word) => !word.startsWith("-"));
  if (verb !== "run" && verb !== "create") return undefined;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (word === "--") return words[at + 1];
    if (!word.startsWith("-")) return word;
    if (word.includes("=")) continue;
    const [long, short] = [word.replace(/^--/, ""), word.slice(1)];
    const alone = word.startsWith("--")
      ? flagsWithoutValue.has(long)
      : [...short].every((letter) => flagsWithoutValue.has(letter)) ||
        // "-p8080:80", "-itvdata:/data": the value stands in the same word.
        [...short].findIndex((letter) => !flagsWithoutValue.has(letter)) < short.length - 1;
    if (!alone) at += 1;
  }
  return undefined;
}

/** All images of a recipe, each once. */
export function imagesOf(recipe: Recipe): readonly string[] {
  const named = recipe.images.map(({ ref }) => ref);
  const used = recipe.steps.flatMap((line) => imageOf(line) ?? []);
  return [...new Set([...named, ...used])];
}
