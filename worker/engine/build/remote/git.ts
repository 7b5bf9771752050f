/**
 * A folder of a Git repository as a tar: the smart HTTP protocol by isomorphic-git, one commit deep, nothing checked out. As in BuildKit, a
 * context has no ".git", and its files belong to root.
 */
import type { GitHttpRequest, GitHttpResponse } from "isomorphic-git";
import type { Fetch } from "../../ports/host.ts";
import { bodyBytes } from "../../registry/answer-body.ts";
import { type TarInput, writeTar } from "../../tar-writer.ts";
import { DockerfileError } from "../dockerfile/index.ts";
import { type CheckedOut, gitFolder } from "./git-folder.ts";
import { memoryFiles } from "./memory-files.ts";

export interface GitAddress {
  /** What is fetched; without fragment. */
  readonly url: string;
  /** Branch, tag or commit; "" is the repository's default. */
  readonly ref: string;
  readonly subdir: string;
}

/** BuildKit's gitutil: "URL#ref:folder". A host without a scheme is github.com's, over https. */
export function parseGitAddress(text: string): GitAddress {
  const hash = text.indexOf("#");
  const [remote, fragment] = hash < 0 ? [text, ""] : [text.slice(0, hash), text.slice(hash + 1)];
  const colon = fragment.indexOf(":");
  const [ref, subdir] = colon < 0 ? [fragment, ""] : [fragment.slice(0, colon), fragment.slice(colon + 1)];
  const url = remote.startsWith("github.com/") ? `https://${remote}` : remote;
  return { url, ref, subdir: subdir.replace(/^\/+|\/+$/g, "") };
}

export interface GitTree {
  readonly commit: string;
  readonly tar: ReadableStream<Uint8Array>;
}

export interface GitOptions {
  /** With ".git"; a folder of a repository has none. */
  readonly keepGitDir?: boolean;
  readonly signal: AbortSignal;
}

export async function fetchGit(fetch: Fetch, address: GitAddress, options: GitOptions): Promise<GitTree> {
  const { url, ref, subdir } = address;
  const { signal, keepGitDir = false } = options;
  if (!/^https?:\/\//.test(url))
    throw new DockerfileError(
      `failed to fetch remote ${url}: only http:// and https:// reach a Git repository from here (no ssh, no git protocol)`,
    );
  const { Buffer } = await import("buffer");
  const scope = globalThis as { Buffer?: unknown };
  scope.Buffer ??= Buffer;
  const git = (await import("isomorphic-git")).default;
  const [fs, gitdir, cache] = [memoryFiles(), "/repository", {}];
  const http = { request: (request: GitHttpRequest) => send(fetch, request, signal) };
  try {
    await git.init({ fs, dir: "/", gitdir, bare: true });
    await git.addRemote({ fs, gitdir, remote: "origin", url });
    const isCommit = /^[0-9a-f]{40}$/.test(ref);
    const { fetchHead } = await git.fetch({
      fs,
      http,
      gitdir,
      cache,
      remote: "origin",
      depth: 1,
      singleBranch: true,
      tags: false,
      ...(ref === "" ? {} : { ref, remoteRef: ref }),
    });
    const commit = isCommit ? ref : (fetchHead ?? "");
    const { oid } = await git.readTree({ fs, gitdir, cache, oid: commit, ...(subdir && { filepath: subdir }) });
    const files: CheckedOut[] = [];
    async function* members(id: string, prefix: string): AsyncGenerator<TarInput> {
      const { tree: entries } = await git.readTree({ fs, gitdir, cache, oid: id });
      for (const { path, mode, oid: child, type } of entries) {
        const name = `${prefix}${path}`;
        if (type === "tree") {
          yield { header: { name, type: "directory", mode: 0o755 } };
          yield* members(child, `${name}/`);
        } else if (type === "blob") {
          const { blob } = await git.readBlob({ fs, gitdir, cache, oid: child });
          files.push({ path: name, mode, oid: child, size: blob.length });
          yield mode === "120000"
            ? { header: { name, type: "symlink", mode: 0o777, linkName: new TextDecoder().decode(blob) } }
            : {
                header: { name, type: "file", mode: mode === "100755" ? 0o755 : 0o644, size: blob.length },
                body: blob,
              };
        }
      }
    }
    async function* whole(): AsyncGenerator<TarInput> {
      yield* members(oid, "");
      if (!keepGitDir || subdir !== "") return;
      const objects = [...fs.contents].flatMap(([path, content]) =>
        path.startsWith(`${gitdir}/objects/`) ? [[path.slice(gitdir.length + 1), content] as const] : [],
      );
      yield* gitFolder({ address, commit, objects, files });
    }
    return { commit, tar: writeTar(whole()) };
  } catch (error) {
    signal.throwIfAborted();
    throw new DockerfileError(`failed to fetch remote ${url}: ${(error as Error).message}`);
  }
}

async function send(
  fetch: Fetch,
  { url, method = "GET", headers = {}, body }: GitHttpRequest,
  signal: AbortSignal,
): Promise<GitHttpResponse> {
  const parts: Uint8Array[] = [];
  if (body !== undefined) for await (const part of body) parts.push(part);
  const response = await fetch(url, {
    method,
    headers,
    signal,
    ...(body === undefined
      ? {}
      : { body: new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer()) }),
  });
  const content = (await bodyBytes(response, Number.POSITIVE_INFINITY, signal)) ?? new Uint8Array(0);
  return {
    url: response.url || url,
    method,
    statusCode: response.status,
    statusMessage: response.statusText,
    headers: Object.fromEntries(response.headers.entries()),
    body: (async function* () {
      yield content;
    })(),
  };
}
