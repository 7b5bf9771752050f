/** The glossary from its file, for the site's build and the tests. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { loadYaml } from "./format/index.ts";
import { lessonsFolder } from "./read.node.ts";

export function readGlossary(): Readonly<Record<string, string>> {
  const loaded = loadYaml(
    readFileSync(join(lessonsFolder, "glossary.yaml"), "utf8"),
    z.record(z.string(), z.string().max(200)),
  );
  if (loaded.ok) return loaded.value;
  throw new Error(loaded.problems.map(({ line, message }) => `glossary.yaml:${line}: ${message}`).join("\n"));
}
