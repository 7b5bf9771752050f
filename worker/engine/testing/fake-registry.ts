/** A registry in memory, behind a Fetch: the distribution specification as far as clients use it, with faults on demand. */
import { collectBytes } from "../bytes.ts";
import type { Fetch } from "../ports/host.ts";
import type { Digest } from "../ports/storage.ts";
import { digestOf } from "../registry/repository-client.ts";

export interface FakeRegistryOptions {
  /** Asks for these with Basic, or for a token of the service at /token. */
  readonly auth?: { readonly scheme: "basic" | "bearer"; readonly username: string; readonly password: string };
  readonly ranges?: boolean;
}

interface Stored {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

export class FakeRegistry {
  readonly host: string;
  /** "METHOD /path" of all requests. */
  readonly requests: string[] = [];
  readonly manifests = new Map<string, Stored>();
  readonly blobs = new Map<string, Uint8Array>();
  /** Breaks the connection after so many bytes of a blob, once for each entry. */
  readonly breakAfter: number[] = [];
  /** Sends these bytes in place of a blob's own. */
  readonly forged = new Map<string, Uint8Array>();
  readonly #options: FakeRegistryOptions;
  readonly #uploads = new Map<string, Uint8Array>();

  constructor(host: string, options: FakeRegistryOptions = {}) {
    this.host = host;
    this.#options = options;
  }

  readonly fetch: Fetch = async (url, init = {}) => {
    const target = new URL(url);
    if (target.host !== this.host) throw new TypeError(`dial tcp: lookup ${target.hostname}: no such host`);
    const method = init.method ?? "GET";
    this.requests.push(`${method} ${target.pathname}`);
    const headers = new Headers(init.headers);
    if (target.pathname === "/token") return this.#token(headers);
    const refusal = this.#authenticate(target, headers);
    if (refusal !== undefined) return refusal;
    const body =
      init.body instanceof ReadableStream
        ? await collectBytes(init.body)
        : typeof init.body === "string"
          ? new TextEncoder().encode(init.body)
          : (init.body ?? new Uint8Array(0));
    return await this.#route(method, target, headers, body);
  };

  async putBlob(repository: string, bytes: Uint8Array): Promise<Digest> {
    const digest = await digestOf(bytes);
    this.blobs.set(`${repository}@${digest}`, bytes);
    return digest;
  }

  async putManifest(repository: string, tag: string, mediaType: string, value: unknown): Promise<Digest> {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    const digest = await digestOf(bytes);
    for (const reference of [tag, digest]) this.manifests.set(`${repository}:${reference}`, { bytes, mediaType });
    return digest;
  }

  async #route(method: string, url: URL, headers: Headers, body: Uint8Array): Promise<Response> {
    if (url.pathname === "/v2/") return answer(200, "{}");
    const match =
      /^\/v2\/(.+)\/(manifests|blobs|tags)\/(.+)$/.exec(url.pathname) ??
      /^\/v2\/(.+)\/(blobs)\/(uploads\/)$/.exec(url.pathname);
    const [, repository = "", kind, rest = ""] = match ?? [];
    if (kind === "manifests") return await this.#manifest(method, repository, rest, headers, body);
    if (kind === "tags") return this.#tags(repository);
    const upload = /^\/v2\/(.+)\/blobs\/uploads\/(.*)$/.exec(url.pathname);
    if (upload !== null) return await this.#upload(method, upload[1] ?? "", upload[2] ?? "", url, body);
    if (kind === "blobs") return this.#blob(method, repository, rest, headers);
    return refuse(404, "NAME_UNKNOWN", "repository name not known to registry");
  }

  async #manifest(method: string, repository: string, reference: string, headers: Headers, body: Uint8Array) {
    if (method === "PUT") {
      const mediaType = headers.get("content-type") ?? "";
      const digest = await digestOf(body);
      for (const key of [reference, digest]) this.manifests.set(`${repository}:${key}`, { bytes: body, mediaType });
      return answer(201, "", { "docker-content-digest": digest });
    }
    const found = this.manifests.get(`${repository}:${reference}`);
    if (found === undefined) return refuse(404, "MANIFEST_UNKNOWN", "manifest unknown");
    return answer(200, method === "HEAD" ? "" : found.bytes, { "content-type": found.mediaType });
  }

  #tags(repository: string): Response {
    const tags = [...this.manifests.keys()].flatMap((key) => {
      const [name, tag] = [key.slice(0, repository.length + 1), key.slice(repository.length + 1)];
      return name === `${repository}:` && !tag.startsWith("sha256:") ? tag : [];
    });
    if (tags.length === 0) return refuse(404, "NAME_UNKNOWN", "repository name not known to registry");
    return answer(200, JSON.stringify({ name: repository, tags }));
  }

  #blob(method: string, repository: string, digest: string, headers: Headers): Response {
    const blob = this.forged.get(digest) ?? this.blobs.get(`${repository}@${digest}`);
    if (blob === undefined) return refuse(404, "BLOB_UNKNOWN", "blob unknown to registry");
    if (method === "HEAD") return answer(200, "", { "content-length": String(blob.length) });
    const range = /^bytes=(\d+)-(\d*)$/.exec(headers.get("range") ?? "");
    const isRanged = range !== null && this.#options.ranges !== false;
    const start = isRanged ? Number(range[1]) : 0;
    const end = isRanged && range[2] !== "" ? Number(range[2]) + 1 : blob.length;
    const cut = this.breakAfter.shift();
    return answer(
      isRanged ? 206 : 200,
      cut === undefined ? blob.subarray(start, end) : broken(blob.subarray(start, start + cut)),
    );
  }

  async #upload(method: string, repository: string, id: string, url: URL, body: Uint8Array): Promise<Response> {
    if (method === "POST") {
      const mounted = url.searchParams.get("mount");
      const source = mounted === null ? undefined : this.blobs.get(`${url.searchParams.get("from")}@${mounted}`);
      if (source !== undefined) {
        this.blobs.set(`${repository}@${mounted}`, source);
        return answer(201, "");
      }
      const next = String(this.#uploads.size + 1);
      this.#uploads.set(next, new Uint8Array(0));
      return answer(202, "", { location: `http://${this.host}/v2/${repository}/blobs/uploads/${next}?state=1` });
    }
    const received = this.#uploads.get(id);
    if (received === undefined) return refuse(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
    if (method === "DELETE") return answer(204, null);
    const whole = new Uint8Array(received.length + body.length);
    whole.set(received);
    whole.set(body, received.length);
    this.#uploads.set(id, whole);
    if (method === "PATCH")
      return answer(202, "", { location: `http://${this.host}/v2/${repository}/blobs/uploads/${id}?state=2` });
    const digest = await digestOf(whole);
    if (digest !== url.searchParams.get("digest"))
      return refuse(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
    this.blobs.set(`${repository}@${digest}`, whole);
    return answer(201, "");
  }

  #authenticate(url: URL, headers: Headers): Response | undefined {
    const { auth } = this.#options;
    if (auth === undefined) return undefined;
    const given = headers.get("authorization");
    if (auth.scheme === "basic" && given === basic(auth)) return undefined;
    if (auth.scheme === "bearer" && given === "Bearer the-token") return undefined;
    const challenge =
      auth.scheme === "basic"
        ? 'Basic realm="registry"'
        : `Bearer realm="http://${this.host}/token",service="registry",scope="repository:${url.pathname}:pull"`;
    const refusal = refuse(401, "UNAUTHORIZED", "authentication required");
    refusal.headers.set("www-authenticate", challenge);
    return refusal;
  }

  #token(headers: Headers): Response {
    const { auth } = this.#options;
    if (auth === undefined || headers.get("authorization") !== basic(auth))
      return refuse(401, "UNAUTHORIZED", "incorrect username or password");
    return answer(200, JSON.stringify({ token: "the-token" }));
  }
}

const basic = (auth: { readonly username: string; readonly password: string }): string =>
  `Basic ${btoa(`${auth.username}:${auth.password}`)}`;

function answer(
  status: number,
  body: string | Uint8Array | ReadableStream<Uint8Array> | null,
  headers: Record<string, string> = {},
): Response {
  return new Response(body as BodyInit | null, { status, headers });
}

const refuse = (status: number, code: string, message: string): Response =>
  answer(status, JSON.stringify({ errors: [{ code, message }] }), { "content-type": "application/json" });

function broken(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let sent = false;
  return new ReadableStream({
    pull(controller) {
      if (sent) controller.error(new TypeError("terminated"));
      else controller.enqueue(bytes);
      sent = true;
    },
  });
}
