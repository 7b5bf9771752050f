import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import type { TarEntry } from "../../engine/tar-format.ts";
import { readTar } from "../../engine/tar-reader.ts";
import type { CliFiles } from "../invocation.ts";
import { nodeFiles } from "../main.node.ts";
import { openContext } from "./context.ts";

async function sentOf(files: Readonly<Record<string, string>>, prepare: (folder: string) => void = () => undefined) {
  const folder = mkdtempSync(join(tmpdir(), "drydock-context-"));
  try {
    for (const name of Object.keys(files)) mkdirSync(dirname(join(folder, name)), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    prepare(folder);
    const walked: string[] = [];
    const walk: CliFiles["walk"] = async (path, enter) => {
      const found = await nodeFiles.walk(path, enter);
      walked.push(...found.map((info) => info.path));
      return found;
    };
    const invocation = { files: { ...nodeFiles, walk }, cwd: folder } as Parameters<typeof openContext>[0];
    const { stream } = await openContext(invocation, { context: ".", file: "", inline: undefined }, new Map());
    const sent: TarEntry[] = [];
    for await (const { entry } of readTar(stream)) sent.push({ ...entry, name: entry.name.replace(/^context\//, "") });
    return { sent, walked };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it("sends a folder that is left out along with a file in it that is not, as it is", async () => {
  const files = {
    ".dockerignore": "foo\n!foo/b/keep\n",
    Dockerfile: "",
    "foo/no": "",
    "foo/a/no": "",
    "foo/b/keep": "",
  };
  const { sent } = await sentOf(files, (folder) => {
    chmodSync(join(folder, "foo"), 0o750);
    utimesSync(join(folder, "foo"), 1_500_000_000, 1_500_000_000);
  });
  expect(sent.map(({ name }) => name)).toEqual([".dockerignore", "Dockerfile", "foo/", "foo/b/", "foo/b/keep"]);
  expect(sent[2]).toMatchObject({ mode: 0o750, mtime: 1_500_000_000, type: "directory" });
});

it("does not look into a folder of which nothing is sent", async () => {
  const { sent, walked } = await sentOf({ ".dockerignore": "node_modules\n", Dockerfile: "", "node_modules/a/b": "" });
  expect(sent.map(({ name }) => name)).toEqual([".dockerignore", "Dockerfile"]);
  expect(walked).toEqual([".dockerignore", "Dockerfile", "node_modules"]);
});
