/** A context by its address: a Git repository, an archive, or a Dockerfile alone (BuildKit's frontend/dockerui, context detection). */
import { detectCompression } from "../../compression.ts";
import type { Fetch } from "../../ports/host.ts";
import { bodyBytes } from "../../registry/answer-body.ts";
import { DockerfileError } from "../dockerfile/index.ts";
import { isGit } from "../plan/apply.ts";
import { fetchGit, type GitOptions, parseGitAddress } from "./git.ts";

export interface RemoteContext {
  /** Of an address that is a Dockerfile and no archive. */
  readonly dockerfile?: string;
  readonly tar?: ReadableStream<Uint8Array>;
  /** What was fetched, for the record. */
  readonly uri: string;
  readonly digest: string;
}

export async function openRemote(fetch: Fetch, address: string, options: GitOptions): Promise<RemoteContext> {
  const { signal } = options;
  if (isGit(address) || /^(git@|ssh:\/\/)/.test(address)) {
    const { commit, tar } = await fetchGit(fetch, parseGitAddress(address), options);
    return { tar, uri: address, digest: commit };
  }
  if (!/^https?:\/\//.test(address)) throw new DockerfileError(`invalid build context: ${address}`);
  const content = await download(fetch, address, signal);
  if (isArchive(content))
    return { tar: new Blob([content as Uint8Array<ArrayBuffer>]).stream(), uri: address, digest: "" };
  return { dockerfile: new TextDecoder().decode(content), uri: address, digest: "" };
}

async function download(fetch: Fetch, address: string, signal: AbortSignal): Promise<Uint8Array> {
  let response: Response;
  let content: Uint8Array | undefined;
  try {
    response = await fetch(address, { signal });
    if (response.ok) content = await bodyBytes(response, Number.POSITIVE_INFINITY, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw new DockerfileError(
      `failed to read downloaded context: failed to load cache key: Get ${JSON.stringify(address)}: ${(error as Error).message}`,
    );
  }
  if (content === undefined)
    throw new DockerfileError(
      `failed to read downloaded context: failed to load cache key: invalid response status ${response.status}`,
    );
  return content;
}

function isArchive(content: Uint8Array): boolean {
  return (
    detectCompression(content) !== "none" || new TextDecoder("latin1").decode(content.subarray(257, 262)) === "ustar"
  );
}
