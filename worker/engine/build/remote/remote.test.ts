import git from "isomorphic-git";
import { describe, expect, it } from "vitest";
import { collectBytes } from "../../bytes.ts";
import type { Fetch } from "../../ports/host.ts";
import type { Digest } from "../../ports/storage.ts";
import { readTar } from "../../tar-reader.ts";
import { gzip, tarOf, textFile } from "../../testing/image-archives.ts";
import type { BuildFailure, BuildRequest, BuildResult } from "../model.ts";
import { gitServer } from "../testing/git-server.ts";
import { buildRig } from "../testing/rig.ts";
import { parseGitAddress } from "./git.ts";
import { memoryFiles } from "./memory-files.ts";

const repository = {
  Dockerfile: "FROM scratch\nCOPY . /\n",
  "sub/Dockerfile": "FROM scratch\nCOPY . /\n",
  "sub/f": "F",
  "sub/d/link": "-> ../f",
  "sub/.dockerignore": "Dockerfile\n",
};

async function build(fetch: Fetch, request: Partial<BuildRequest>) {
  const { builds, blobs } = await buildRig({ fetch });
  let result: BuildResult | undefined;
  let failure: BuildFailure | undefined;
  const whole = { dockerfileName: "Dockerfile", ...request };
  for await (const message of builds.build(whole, undefined, new AbortController().signal)) {
    if ("result" in message) result = message.result;
    if ("failure" in message) failure = message.failure;
  }
  const entries: string[] = [];
  const last = result?.layers.at(-1);
  if (last !== undefined)
    for await (const { entry } of readTar(blobs.open(last)))
      entries.push(entry.type === "symlink" ? `${entry.name} -> ${entry.linkName}` : entry.name);
  return { result, failure, entries, record: builds.history.list()[0] };
}

describe("a context by its address", () => {
  it("is read as BuildKit reads it", () => {
    expect(parseGitAddress("https://h/r.git#main:a/b")).toEqual({ url: "https://h/r.git", ref: "main", subdir: "a/b" });
    expect(parseGitAddress("github.com/o/r#:d")).toEqual({ url: "https://github.com/o/r", ref: "", subdir: "d" });
  });

  it("may be a Git repository, a folder of it, or a source of ADD", async () => {
    const { fetch, commit } = await gitServer(repository);
    const sub = await build(fetch, { remote: "https://example.invalid/r.git#main:sub" });
    expect(sub.failure).toBeUndefined();
    expect(sub.entries).toEqual([".dockerignore", "d/", "d/link -> ../f", "f"]);
    expect(sub.result?.materials).toEqual([{ uri: "https://example.invalid/r.git#main:sub", digest: commit }]);
    expect(sub.record?.context).toBe("https://example.invalid/r.git#main:sub");
    const added = await build(fetch, { dockerfile: "FROM scratch\nADD https://example.invalid/r.git /src\n" });
    expect(added.entries).toContain("src/sub/f");
    const kept = await build(fetch, {
      remote: "https://example.invalid/r.git#main",
      buildArgs: { BUILDKIT_CONTEXT_KEEP_GIT_DIR: "1" },
    });
    expect(kept.entries).toContain(".git/HEAD");
    // As bake asks for definitions, which may be there or not.
    const some = 'FROM scratch\nCOPY --parents ["sub/[f]","nothin[g]","Dockerfil[e]","/"]\n';
    const picked = await build(fetch, { remote: "https://example.invalid/r.git#main", dockerfile: some });
    expect(picked.failure).toBeUndefined();
    expect(picked.entries).toEqual(["Dockerfile", "sub/", "sub/f"]);
    const wrong = await build(fetch, { remote: "https://example.invalid/r.git#main:none" });
    expect(wrong.failure?.message).toMatch(/^failed to fetch remote https:\/\/example.invalid\/r.git: /);
    const ssh = await build(fetch, { remote: "git@example.invalid:o/r.git" });
    expect(ssh.failure?.message).toContain("only http:// and https://");
  });

  it("comes with what Git knows of it where ADD asks for that", async () => {
    const { fetch, commit } = await gitServer(repository);
    const { builds, blobs } = await buildRig({ fetch });
    const dockerfile = "FROM scratch\nADD --keep-git-dir=true https://example.invalid/r.git#main /src\n";
    const request = { dockerfile, dockerfileName: "Dockerfile" };
    const built = async () => {
      for await (const message of builds.build(request, undefined, new AbortController().signal)) {
        if ("failure" in message) throw new Error(message.failure.message);
        if ("result" in message) return message.result;
      }
      throw new Error("no result");
    };
    const { layers } = await built();
    const fs = memoryFiles();
    for await (const { entry, body } of readTar(blobs.open(layers[0] as Digest)))
      if (entry.type === "directory") await fs.promises.mkdir(`/${entry.name}`);
      else if (entry.type === "file") await fs.promises.writeFile(`/${entry.name}`, await collectBytes(body));
    const options = { fs, dir: "/src", gitdir: "/src/.git" };
    expect(await git.resolveRef({ ...options, ref: "HEAD" })).toBe(commit);
    expect((await git.log(options)).map(({ commit: { message } }) => message)).toEqual(["m\n"]);
    expect(await git.listFiles(options)).toEqual(Object.keys(repository).sort());
    expect(await git.listRemotes(options)).toEqual([{ remote: "origin", url: "https://example.invalid/r.git" }]);
    expect(await git.status({ ...options, filepath: "sub/f" })).toBe("unmodified");
    // The commit is what the cache knows it by.
    expect((await built()).steps.map(({ cached }) => cached)).toEqual([true]);
  });

  it("may be an archive or a Dockerfile alone", async () => {
    const archive = await gzip(await tarOf([textFile("Dockerfile", repository.Dockerfile), textFile("a", "A")]));
    const tar = await build(async () => new Response(archive as Uint8Array<ArrayBuffer>), {
      remote: "https://example.invalid/x.tar.gz",
    });
    expect(tar.entries).toEqual(["Dockerfile", "a"]);
    const file = await build(async () => new Response("FROM scratch\nCOPY <<E /x\nhi\nE\n"), {
      remote: "https://example.invalid/Dockerfile",
    });
    expect(file.entries).toEqual(["x"]);
    const gone = await build(async () => new Response("", { status: 404 }), { remote: "https://example.invalid/x" });
    expect(gone.failure?.message).toBe(
      "failed to read downloaded context: failed to load cache key: invalid response status 404",
    );
  });
});
