import tree from "../../worker/cli/reference/tree.json" with { type: "json" };

/** Commands whose help is the client's own: that of builds is a plugin's. */
export const helpPaths: readonly string[] = Object.keys(tree).filter((path) => !/^(image )?build|^builder/.test(path));
