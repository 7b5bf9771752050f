import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { readTar } from "../../engine/tar-reader.ts";
import { nodeFiles } from "../main.node.ts";
import { openContext } from "./context.ts";

it("sends a folder that is left out along with a file in it that is not, as it is", async () => {
  const folder = mkdtempSync(join(tmpdir(), "drydock-context-"));
  try {
    const files = {
      ".dockerignore": "foo\n!foo/b/keep\n",
      Dockerfile: "",
      "foo/no": "",
      "foo/a/no": "",
      "foo/b/keep": "",
    };
    for (const name of Object.keys(files)) mkdirSync(dirname(join(folder, name)), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    chmodSync(join(folder, "foo"), 0o750);
    utimesSync(join(folder, "foo"), 1_500_000_000, 1_500_000_000);
    const invocation = { files: nodeFiles, cwd: folder } as Parameters<typeof openContext>[0];
    const { stream } = await openContext(invocation, { context: ".", file: "", inline: undefined }, new Map());
    const sent: string[] = [];
    for await (const { entry } of readTar(stream))
      sent.push(
        `${entry.name} ${entry.name.endsWith("/foo/") ? `${entry.mode.toString(8)} ${entry.mtime}` : entry.type}`,
      );
    expect(sent.map((line) => line.replace(/^context\//, ""))).toEqual([
      ".dockerignore file",
      "Dockerfile file",
      "foo/ 750 1500000000",
      "foo/b/ directory",
      "foo/b/keep file",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
