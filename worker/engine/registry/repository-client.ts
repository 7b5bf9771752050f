/** One repository of one registry, over the OCI distribution specification 1.1. Also serves static hosts, which know only GET. */
import { EngineError } from "../errors.ts";
import type { Fetch } from "../ports/host.ts";
import type { Digest } from "../ports/storage.ts";
import { bodyBytes, bodyJson, brokenOff } from "./answer-body.ts";
import { Authorizer } from "./authorizer.ts";
import type { Credentials } from "./credentials.ts";
import { acceptedManifests, type ImageIndex, type ImageManifest, maxManifestSize, parseManifest } from "./manifest.ts";
import { errorOf, RegistryError, type RegistryErrorCode, RegistryUnreachable } from "./registry-error.ts";

export interface FetchedManifest {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  readonly manifest: ImageManifest | ImageIndex;
}

type Init = NonNullable<Parameters<Fetch>[1]>;

/** A stream that broke off is taken up where it stopped, this often. */
const maxResumes = 5;
const maxSmallBlob = 8 << 20;
/** Of tags. */
const maxPages = 1000;

export class RepositoryClient {
  /** Without a trailing slash; "/v2" follows it. */
  readonly base: string;
  readonly repository: string;
  readonly #fetch: Fetch;
  readonly #authorizer: Authorizer;
  readonly #scope: string;
  #reached = false;

  constructor(
    endpoint: { readonly base: string; readonly fetch: Fetch },
    repository: string,
    options: { readonly credentials?: Credentials | undefined; readonly push?: boolean } = {},
  ) {
    this.base = endpoint.base.replace(/\/$/, "");
    this.repository = repository;
    this.#fetch = endpoint.fetch;
    this.#authorizer = new Authorizer(endpoint.fetch, options.credentials);
    this.#scope = `repository:${repository}:${options.push === true ? "pull,push" : "pull"}`;
  }

  /** `reference`: a tag or a digest; the content of a digest is checked. */
  async manifest(reference: string, signal?: AbortSignal): Promise<FetchedManifest> {
    const response = await this.#request(
      `/${this.repository}/manifests/${reference}`,
      { headers: { accept: acceptedManifests } },
      signal,
      "MANIFEST_UNKNOWN",
    );
    const bytes = await bodyBytes(response, maxManifestSize, signal);
    if (bytes === undefined) throw new EngineError("system", "manifest is too large");
    const digest = await digestOf(bytes);
    if (reference.startsWith("sha256:") && reference !== digest)
      throw new EngineError("system", `manifest verification failed for digest ${reference}`);
    return { digest, bytes, manifest: parseManifest(bytes, response.headers.get("content-type") ?? undefined) };
  }

  /** All tags, page after page. */
  async tags(signal?: AbortSignal): Promise<readonly string[]> {
    const tags: string[] = [];
    const pages = new Set<string>();
    let path: string | undefined = `/${this.repository}/tags/list`;
    while (path !== undefined) {
      if (pages.has(path) || pages.size >= maxPages) throw new EngineError("system", "the pages of tags do not end");
      pages.add(path);
      const response: Response = await this.#request(path, {}, signal, "NAME_UNKNOWN");
      const page = (await bodyJson(response, signal)) as { tags?: unknown } | null;
      if (Array.isArray(page?.tags)) tags.push(...page.tags.filter((tag) => typeof tag === "string"));
      // RFC 8288, as the distribution specification pages.
      const next: string | undefined = /<([^>]+)>\s*;\s*rel="?next"?/.exec(response.headers.get("link") ?? "")?.[1];
      path = next === undefined ? undefined : this.#resolve(next, response);
    }
    return tags;
  }

  /** A small blob, such as an image's configuration; checked. */
  async blobBytes(digest: Digest, signal?: AbortSignal): Promise<Uint8Array> {
    const response = await this.#request(`/${this.repository}/blobs/${digest}`, {}, signal, "BLOB_UNKNOWN");
    const bytes = await bodyBytes(response, maxSmallBlob, signal);
    if (bytes === undefined || (await digestOf(bytes)) !== digest) throw unverified(digest);
    return bytes;
  }

  /** Bytes `offset`…`offset+length` of a blob; `whole` when the server ignores ranges and answered with all of it. */
  async blobRange(
    digest: Digest,
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<{ readonly range: Uint8Array } | { readonly whole: ReadableStream<Uint8Array> }> {
    const headers = { range: `bytes=${offset}-${offset + length - 1}` };
    const response = await this.#request(`/${this.repository}/blobs/${digest}`, { headers }, signal, "BLOB_UNKNOWN");
    if (response.status !== 206) return { whole: bodyOf(response) };
    const range = await bodyBytes(response, length, signal);
    if (range?.length !== length)
      throw new EngineError("system", `blob ${digest}: ${range?.length ?? "more"} of ${length} bytes`);
    return { range };
  }

  /** The blob's bytes, unchecked. When the connection breaks, the rest is asked for by range. */
  async blobStream(digest: Digest, size: number, signal?: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const path = `/${this.repository}/blobs/${digest}`;
    const open = async (offset: number): Promise<ReadableStreamDefaultReader<Uint8Array>> => {
      const headers: Record<string, string> = offset === 0 ? {} : { range: `bytes=${offset}-` };
      const response = await this.#request(path, { headers }, signal, "BLOB_UNKNOWN");
      const ignoredRange = offset > 0 && response.status !== 206;
      const body = bodyOf(response);
      return (ignoredRange ? body.pipeThrough(withoutFirst(offset)) : body).getReader();
    };
    let reader = await open(0);
    let at = 0;
    let resumes = 0;
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          for (;;) {
            try {
              const { done, value } = await reader.read();
              if (done && at < size) throw new TypeError("unexpected EOF");
              if (done) controller.close();
              else {
                at += value.length;
                if (at > size) throw unverified(digest);
                controller.enqueue(value);
              }
              return;
            } catch (error) {
              if (error instanceof EngineError) await reader.cancel().catch(() => undefined);
              if (error instanceof EngineError || signal?.aborted === true || ++resumes > maxResumes)
                brokenOff(error, signal);
              reader = await open(at);
            }
          }
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    );
  }

  async hasBlob(digest: Digest, signal?: AbortSignal): Promise<boolean> {
    return await this.#exists(`/${this.repository}/blobs/${digest}`, signal);
  }

  /** Uploads a blob in one session: POST, PATCH with all bytes, PUT with the digest, as moby does. */
  async pushBlob(
    digest: Digest,
    content: () => ReadableStream<Uint8Array> | Uint8Array,
    signal?: AbortSignal,
  ): Promise<void> {
    const started = await this.#request(
      `/${this.repository}/blobs/uploads/`,
      { method: "POST" },
      signal,
      "NAME_UNKNOWN",
    );
    const patched = await this.#request(
      this.#location(started),
      { method: "PATCH", headers: { "content-type": "application/octet-stream" }, body: content() },
      signal,
      "BLOB_UPLOAD_UNKNOWN",
    );
    const target = this.#location(patched);
    const url = `${target}${target.includes("?") ? "&" : "?"}digest=${encodeURIComponent(digest)}`;
    await this.#request(url, { method: "PUT" }, signal, "BLOB_UPLOAD_UNKNOWN");
  }

  /** Takes a blob over from another repository of the registry; false when it has to be uploaded. */
  async mountBlob(digest: Digest, from: string, signal?: AbortSignal): Promise<boolean> {
    const query = `mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`;
    const path = `/${this.repository}/blobs/uploads/?${query}`;
    const response = await this.#request(path, { method: "POST" }, signal, "NAME_UNKNOWN");
    if (response.status === 201) return true;
    // The registry opened an upload instead: it is not needed.
    await this.#send(this.#location(response), { method: "DELETE" }, signal).catch(() => undefined);
    return false;
  }

  async pushManifest(reference: string, mediaType: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.#request(
      `/${this.repository}/manifests/${reference}`,
      { method: "PUT", headers: { "content-type": mediaType }, body: bytes },
      signal,
      "MANIFEST_INVALID",
    );
  }

  async #exists(path: string, signal: AbortSignal | undefined): Promise<boolean> {
    try {
      await this.#request(path, { method: "HEAD" }, signal, "BLOB_UNKNOWN");
      return true;
    } catch (error) {
      if (error instanceof RegistryError && error.status === 404) return false;
      throw error;
    }
  }

  #location(response: Response): string {
    const location = response.headers.get("location");
    if (location === null) throw new EngineError("system", "registry named no location for the upload");
    return this.#resolve(location, response);
  }

  #resolve(reference: string, { url }: Response): string {
    const from = url || `${this.base}/v2/`;
    if (!URL.canParse(reference, from))
      throw new EngineError("system", `parse ${JSON.stringify(reference)}: invalid URL`);
    return new URL(reference, from).href;
  }

  /** Authenticates when asked to, and turns refusals into {@link RegistryError}. */
  async #request(
    path: string,
    init: Init,
    signal: AbortSignal | undefined,
    absent: RegistryErrorCode,
  ): Promise<Response> {
    let response = await this.#send(path, init, signal);
    if (response.status === 401 && (await this.#authorizer.answer(response, this.#scope, signal))) {
      if (init.body instanceof ReadableStream)
        throw new EngineError("system", "authorization expired during an upload");
      response = await this.#send(path, init, signal);
    }
    if (!response.ok) throw await errorOf(response, absent);
    return response;
  }

  async #send(path: string, init: Init, signal: AbortSignal | undefined): Promise<Response> {
    const url = path.startsWith("/") ? `${this.base}/v2${path}` : path;
    try {
      // What a registry names elsewhere gets none of its credentials.
      const isOurs = new URL(url).origin === new URL(this.base).origin;
      const headers = { ...init.headers, ...(isOurs ? this.#authorizer.headers() : {}) };
      const response = await this.#fetch(url, { ...init, headers, ...(signal === undefined ? {} : { signal }) });
      this.#reached = true;
      return response;
    } catch (cause) {
      if (signal?.aborted === true) throw signal.reason;
      // Docker asks every registry for /v2/ first, and tells of that when there is none.
      if (!this.#reached) throw new RegistryUnreachable("GET", `${this.base}/v2/`, cause);
      throw new RegistryUnreachable(init.method ?? "GET", url, cause);
    }
  }
}

const unverified = (digest: Digest): EngineError =>
  new EngineError("system", `filesystem layer verification failed for digest ${digest}`);

function withoutFirst(length: number): TransformStream<Uint8Array, Uint8Array> {
  let left = length;
  return new TransformStream({
    transform(chunk, controller) {
      const skipped = Math.min(left, chunk.length);
      left -= skipped;
      if (skipped < chunk.length) controller.enqueue(chunk.subarray(skipped));
    },
  });
}

const bodyOf = (response: Response): ReadableStream<Uint8Array> =>
  response.body ?? new ReadableStream({ start: (controller) => controller.close() });

export async function digestOf(bytes: Uint8Array): Promise<Digest> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  return `sha256:${Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
