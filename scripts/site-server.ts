/** A plain static server for the built site: what any static host does (types, ranges, validators, no directory listings), and nothing more. */
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { gzipSync } from "node:zlib";

export interface SiteServer {
  readonly url: string;
  readonly port: number;
  /** Bytes of bodies sent so far. */
  bytesSent(): number;
  close(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
  ".webmanifest": "application/manifest+json",
  ".md": "text/markdown; charset=utf-8",
  ".yaml": "application/yaml",
};

export interface SiteOptions {
  readonly port?: number;
  readonly host?: string;
  /** gzip for text, scripts and WebAssembly, as usual static hosts apply it. */
  readonly compress?: boolean;
  /** Folders for paths that begin so ("/catalogue/"), before the site's own. */
  readonly mounts?: Readonly<Record<string, string>>;
}

/** Serves `folders` laid over each other: the first that has the path answers. */
export async function serveSite(folders: readonly string[], options: SiteOptions = {}): Promise<SiteServer> {
  const { port = 0, host = "127.0.0.1", compress = false, mounts = {} } = options;
  let sent = 0;
  const packed = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    answer({ folders, mounts }, request, response, compress ? packed : undefined);
    response.on("finish", () => {
      sent += Number(response.getHeader("content-length") ?? 0);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://localhost:${address.port}/`,
    port: address.port,
    bytesSent: () => sent,
    close: () => close(server),
  };
}

/** On the wished port, or on a free one when it is taken. */
export async function serveSiteAt(
  wished: number,
  folders: readonly string[],
  options: Omit<SiteOptions, "port">,
): Promise<SiteServer> {
  try {
    return await serveSite(folders, { ...options, port: wished });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    process.stderr.write(`drydock: port ${wished} is in use, taking a free one\n`);
    return await serveSite(folders, options);
  }
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

const compressible = /\.(html|js|mjs|css|json|svg|wasm|webmanifest|md|yaml)$/;

/** `packed` keeps what was compressed; without it nothing is. */
function answer(
  { folders, mounts }: { readonly folders: readonly string[]; readonly mounts: Readonly<Record<string, string>> },
  request: IncomingMessage,
  response: ServerResponse,
  packed: Map<string, Buffer> | undefined,
): void {
  let path: string;
  try {
    path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://site").pathname));
  } catch {
    response.writeHead(400).end();
    return;
  }
  if (path.endsWith("/")) path += "index.html";
  const mounted = Object.entries(mounts)
    .filter(([prefix]) => path.startsWith(prefix))
    .map(([prefix, folder]) => join(folder, path.slice(prefix.length)));
  const file = [...mounted, ...folders.map((folder) => join(folder, path))].find(
    (name) => existsSync(name) && statSync(name).isFile(),
  );
  if (file === undefined || path.includes("..")) {
    response.writeHead(404, { "content-type": "text/plain" }).end("not found");
    return;
  }
  const { size, mtimeMs } = statSync(file);
  const etag = `"${size.toString(16)}-${Math.floor(mtimeMs).toString(16)}"`;
  const headers: Record<string, string> = {
    "content-type": types[extname(file)] ?? "application/octet-stream",
    "accept-ranges": "bytes",
    "cache-control": /-[\w-]{8,}\.\w+$/.test(file) ? "public, max-age=31536000, immutable" : "no-cache",
    etag,
  };
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  const gzip = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
  if (packed !== undefined && gzip && compressible.test(file) && request.headers.range === undefined) {
    const key = `${file} ${etag}`;
    const body = packed.get(key) ?? gzipSync(readFileSync(file), { level: 9 });
    packed.set(key, body);
    headers["content-encoding"] = "gzip";
    headers["content-length"] = String(body.length);
    head(response, 200, headers).end(request.method === "HEAD" ? undefined : body);
    return;
  }
  const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
  let [start, end] = [0, size - 1];
  if (range !== null) {
    if (range[1] === "") start = Math.max(0, size - Number(range[2]));
    else {
      start = Number(range[1]);
      if (range[2] !== "") end = Math.min(end, Number(range[2]));
    }
    if (start > end) {
      response.writeHead(416, { "content-range": `bytes */${size}` }).end();
      return;
    }
    headers["content-range"] = `bytes ${start}-${end}/${size}`;
  }
  headers["content-length"] = String(end - start + 1);
  head(response, range === null ? 200 : 206, headers);
  if (request.method === "HEAD" || size === 0) response.end();
  else createReadStream(file, { start, end }).pipe(response);
}

/** Headers given to `writeHead` alone could not be asked for afterwards. */
function head(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>): ServerResponse {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  return response.writeHead(status);
}
