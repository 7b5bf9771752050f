/** ADD of a URL: the file as it is, mode 0600 (Dockerfile reference, ADD). */
import type { Fetch } from "../../ports/host.ts";
import { DockerfileError } from "../dockerfile/index.ts";
import { digestBytes } from "../files/digest.ts";
import { isGit } from "../plan/apply.ts";
import type { LooseFile } from "./copy.ts";

export async function fetchFile(fetch: Fetch, url: string, checksum: string, signal: AbortSignal): Promise<LooseFile> {
  if (isGit(url))
    throw new DockerfileError(
      `failed to load ${url}: this builder has no git; add the files to the build context instead`,
    );
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new DockerfileError(`failed to load cache key: Get ${JSON.stringify(url)}: ${(error as Error).message}`);
  }
  if (!response.ok) throw new DockerfileError(`failed to load cache key: invalid response status ${response.status}`);
  const content = new Uint8Array(await response.arrayBuffer());
  const digest = digestBytes(content);
  if (checksum !== "" && checksum !== digest) throw new DockerfileError(`digest mismatch ${digest}: ${checksum}`);
  const modified = Date.parse(response.headers.get("last-modified") ?? "");
  const path = new URL(url).pathname;
  const name = decodeURIComponent(path.slice(path.lastIndexOf("/") + 1)) || "__unnamed__";
  return { name, content, mode: 0o600, mtime: Number.isNaN(modified) ? 0 : Math.floor(modified / 1000) };
}
