/** ADD of a URL: the file as it is, mode 0600; of a Git repository: its files (Dockerfile reference, ADD). */
import type { Fetch } from "../../ports/host.ts";
import { bodyBytes } from "../../registry/answer-body.ts";
import { RegistryUnreachable } from "../../registry/registry-error.ts";
import { DockerfileError } from "../dockerfile/index.ts";
import { digestBytes } from "../files/digest.ts";
import { isGit } from "../plan/apply.ts";
import { fetchGit, parseGitAddress } from "../remote/git.ts";
import type { LooseFile } from "./copy.ts";

/** What is wrong with an address's file, and not with the instruction. */
export class FetchError extends Error {
  override readonly name = "FetchError";
}

export interface FetchFileOptions {
  readonly checksum: string;
  readonly keepGitDir: boolean;
  readonly signal: AbortSignal;
}

export async function fetchFile(fetch: Fetch, url: string, options: FetchFileOptions): Promise<LooseFile> {
  const { checksum, signal } = options;
  if (isGit(url)) return await fetchRepository(fetch, url, options);
  const { response, content } = await download(fetch, url, signal);
  if (!response.ok) throw new FetchError(`failed to load cache key: invalid response status ${response.status}`);
  const digest = digestBytes(content);
  if (checksum !== "" && checksum !== digest) throw new FetchError(`digest mismatch ${digest}: ${checksum}`);
  const modified = Date.parse(response.headers.get("last-modified") ?? "");
  const path = new URL(url).pathname;
  const name = unescaped(path.slice(path.lastIndexOf("/") + 1)) || "__unnamed__";
  return { name, content, mode: 0o600, mtime: Number.isNaN(modified) ? 0 : Math.floor(modified / 1000) };
}

async function download(
  fetch: Fetch,
  url: string,
  signal: AbortSignal,
): Promise<{ readonly response: Response; readonly content: Uint8Array }> {
  try {
    const response = await fetch(url, { signal });
    const content = response.ok ? await bodyBytes(response, Number.POSITIVE_INFINITY, signal) : undefined;
    return { response, content: content ?? new Uint8Array(0) };
  } catch (error) {
    signal.throwIfAborted();
    throw new FetchError(`failed to load cache key: ${new RegistryUnreachable("GET", url, error).message}`);
  }
}

/** A name that is no escaped text stands for itself. */
function unescaped(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

async function fetchRepository(fetch: Fetch, url: string, options: FetchFileOptions): Promise<LooseFile> {
  const { checksum, keepGitDir } = options;
  const address = parseGitAddress(url);
  const { commit, tar } = await fetchGit(fetch, address, options);
  if (checksum !== "" && !commit.startsWith(checksum))
    throw new DockerfileError(`expected checksum to match ${checksum}, got ${commit}`);
  const content = new Uint8Array(await new Response(tar as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
  // As BuildKit's key: the same commit may come in another pack.
  const identity = `git ${commit}${keepGitDir ? ".git" : ""}:${address.subdir}`;
  return { name: url, content, mode: 0o755, mtime: 0, isArchive: true, identity };
}
