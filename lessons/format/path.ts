/** Why a path of a lesson, link or recipe is not one of the workspace; `undefined` when it is. */
export function pathProblem(path: string): string | undefined {
  if (path.length === 0 || path.length > 300) return "must have 1 to 300 characters";
  if (path.startsWith("/") || path.includes("\\")) return "must be relative to the workspace, with / between names";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  if (/[\u0000-\u001f\u007f]/.test(path)) return "must not hold control characters";
  const names = path.split("/");
  if (names.some((name) => name === "" || name === "." || name === "..")) return "must not lead out of the workspace";
  if (names.some((name) => name.length > 255)) return "holds a name longer than 255 characters";
  if (names.includes("__proto__")) return "must not hold this name";
  return undefined;
}
