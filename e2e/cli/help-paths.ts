import tree from "../../worker/cli/reference/tree.json" with { type: "json" };

/** Commands whose help is the client's own: that of builds is a plugin's, and the first page lists the plugins. */
export const helpPaths: readonly string[] = Object.keys(tree).filter(
  (path) => !/^$|^(image )?build|^builder/.test(path),
);

export const helpLine = (path: string): readonly string[] => [...path.split(" ").filter(Boolean), "--help"];
/** The variable would be shown as --platform's default. */
export const helpOptions = { env: { DOCKER_DEFAULT_PLATFORM: "" } };
