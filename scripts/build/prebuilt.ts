/** The prebuilt binaries and their recipes: each `NAME.recipe` holds `sha256sum` lines of the files that the binary was made from. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./step.ts";

/** Where the files that a recipe names lie. */
const recipeFolders: Readonly<Record<string, string>> = {
  bzImage: "guest-image/kernel",
  hello: "guest-image/catalogue/hello",
  agent: "guest-image/agent",
  docker: "guest-image/agent",
  floor: "guest-image/floor",
  nop: "guest-image/floor",
};

export function staleBinaries(): readonly { readonly binary: string; readonly reason: string }[] {
  const folder = join(root, "guest-image/prebuilt");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".recipe"))
    .flatMap((name) => {
      const binary = name.slice(0, -".recipe".length);
      const sources = recipeFolders[binary];
      if (sources === undefined)
        return [{ binary, reason: "its recipe's folder is not known to scripts/build/prebuilt.ts" }];
      return readFileSync(join(folder, name), "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .flatMap((line) => {
          const [expected = "", path = ""] = line.split(/\s+\*?/);
          const file = join(root, sources, path);
          const actual = existsSync(file) ? createHash("sha256").update(readFileSync(file)).digest("hex") : "missing";
          return actual === expected
            ? []
            : [{ binary, reason: `${sources}/${path} has changed and the binary has not` }];
        });
    });
}
